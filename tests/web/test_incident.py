"""The page of one incident."""

import io
import re
from dataclasses import replace
from datetime import timedelta

import docx
import pytest
from pypdf import PdfReader

from defacewatch.accounts import Role
from defacewatch.captures import Refusal, Tier
from defacewatch.fetch.chromium import find_chromium
from defacewatch.fetch.printing import pdf_of
from defacewatch.incidents import Resolution
from defacewatch.runbooks import Mark, Runbook, Step
from defacewatch.signals import Kind, Signal
from defacewatch.store import Store
from defacewatch.web import incident as incident_module
from tests.conftest import Clock
from tests.store.samples import CHANGED, DEFACED, UNREACHABLE, features, look, outcome
from tests.web.conftest import Client, Serve, sign_in
from tests.web.people import log_in, person
from tests.web.seeds import (
    HOSTILE,
    MINUTE,
    NOW,
    attacked,
    checked,
    defaced,
    everything_hostile,
    registered,
    screenshot,
)


async def shown(reader: Client, incident: int) -> str:
    answer = await reader.get(f"/incidents/{incident}")
    assert answer.status == 200
    return await answer.text()


async def test_before_and_after_stand_side_by_side(reader: Client, store: Store) -> None:
    _, incident = await attacked(store)
    text = await shown(reader, incident)
    pictures = re.findall(r'<a href="/pictures/([0-9a-f]{64})" target="_blank" rel="noreferrer"', text)
    assert len(pictures) == 2
    assert pictures[0] != pictures[1]
    assert text.index("Before – as approved") < text.index("After – as seen")


async def test_downloads_and_errors_of_scripts_are_counted_and_what_a_page_says_stays_text(
    reader: Client, store: Store
) -> None:
    incident = await everything_hostile(store, HOSTILE)
    came = (await shown(reader, incident)).partition("How the page came")[2]
    assert "which were not taken: 3" in came
    assert re.search(r"scripts</h3><p>7 <span class=\"soft\">when approved: 0</span>", came)
    assert "&lt;script&gt;" in came
    assert "<script>alert" not in came
    assert "<img src=x" not in came


async def test_why_a_request_was_refused_is_said_in_the_readers_language(
    reader: Client, store: Store
) -> None:
    page = await registered(store)
    reached = look("b", NOW, refusals=(Refusal("http://10.0.0.5/admin", "private address 10.0.0.5"),))
    kept = await store.checks.keep(page, reached, features("b"))
    context = await store.checks.context(page, now=NOW)
    evidence = {"url": "http://10.0.0.5/admin", "reason": "private address 10.0.0.5"}
    verdict = defaced()
    reaches = Signal(Kind.REFUSED_REQUEST, 20, "refused-request=10.0.0.5", evidence)
    verdict = replace(verdict, signals=(*verdict.signals, reaches))
    made = await store.checks.record(outcome(context, verdict, NOW, kept=kept, tier=Tier.RENDER))
    assert made.incident is not None
    assert (await shown(reader, made.incident)).count("private address 10.0.0.5") == 3
    text = await (await reader.get(f"/incidents/{made.incident}?lang=vi")).text()
    assert text.count("địa chỉ mạng nội bộ 10.0.0.5") == 3
    assert "private address" not in text


async def test_a_page_that_sends_nothing_has_no_lines_about_it(reader: Client, store: Store) -> None:
    _, incident = await attacked(store)
    text = await shown(reader, incident)
    assert "<h3>Downloads</h3>" not in text
    assert "scripts</h3>" not in text


async def test_signals_stand_strongest_first_with_points_and_sentences(reader: Client, store: Store) -> None:
    _, incident = await attacked(store)
    text = await shown(reader, incident)
    assert re.findall(r'class="points">([^<]+)<', text) == ["60", "12", "–"]
    assert "72 points together" in text
    assert "the title was “Trang chủ” and is “hacked by x”" in text


async def test_the_timeline_and_the_receipts_tell_who_did_what(
    reader: Client, serve: Serve, store: Store
) -> None:
    _, incident = await attacked(store)
    at = NOW + 12 * MINUTE
    await store.incidents.acknowledge(incident, by="Nguyễn Văn An", via="telegram", now=at)
    await store.incidents.comment(incident, by="Nguyễn Văn An", text="Đã gọi <b>đơn vị</b>", now=at)
    text = await shown(reader, incident)
    happened = ["Incident opened", "Incident acknowledged", "Remark"]
    assert [text.index(event) for event in happened] == sorted(text.index(event) for event in happened)
    assert "Đã gọi &lt;b&gt;đơn vị&lt;/b&gt;" in text
    assert "Delivered" in text
    assert "Failed" in text
    assert not any(receipt in text for receipt in ("message 4211", "550 ")), "may hold addresses"
    await person(store, "binh", Role.OFFICER)
    officer = await serve()
    await log_in(officer, "binh")
    text = await shown(officer, incident)
    assert all(receipt in text for receipt in ("message 4211", "550 &lt;b&gt;user&lt;/b&gt; unknown"))


async def test_an_incident_that_no_message_has_told_yet_shows_its_proof_all_the_same(
    reader: Client, store: Store
) -> None:
    _, incident = await attacked(store, told=False)
    text = await shown(reader, incident)
    assert len(set(re.findall(r'src="/pictures/[0-9a-f]{64}\?small"', text))) == 2
    assert "words of a defacement" in text
    assert "No message has been made yet." in text


async def test_picture_caption_and_proposal_are_of_one_capture_also_when_the_page_was_seen_again(
    reader: Client, serve: Serve, store: Store, clock: Clock
) -> None:
    page, incident = await attacked(store)
    told = (await store.incidents.get(incident)).incident.capture
    clock.now = at = NOW + 40 * MINUTE
    context = await store.checks.context(page, now=at)
    seen = look("z", at, screenshot=screenshot(20), title="x")
    kept = await store.checks.keep(page, seen, features("b"))
    await store.checks.record(outcome(context, defaced("hacked by y"), at, kept=kept, tier=Tier.RENDER))
    await person(store, "an", Role.OFFICER)
    client = await serve()
    await log_in(client, "an")
    text = await shown(client, incident)
    assert f'name="capture" value="{kept.capture.id}"' in text
    pictures = re.findall(r'<figure.*?href="/pictures/([0-9a-f]{64})"', text, re.DOTALL)
    assert pictures[1] == kept.capture.screenshot
    assert re.findall(r'After – as seen <span class="soft"><time datetime="([^"]+)', text) == [at.isoformat()]
    assert "is “hacked by y”" in text
    assert told is not None
    before = await store.baselines.capture(told)
    assert f'with another picture: <a href="/pictures/{before.screenshot}"' in text
    answer = await (await reader.get(f"/api/v1/incidents/{incident}")).json()
    assert (answer["capture"], answer["after"]) == (kept.capture.id, kept.capture.screenshot)


async def test_what_was_approved_later_does_not_replace_the_picture_from_before(
    reader: Client, store: Store
) -> None:
    page, incident = await attacked(store)
    before = re.findall(r'href="/pictures/([0-9a-f]{64})"', await shown(reader, incident))
    latest = (await store.baselines.captures(page, 1))[0]
    await store.baselines.approve(latest.id, by="Lê Thị Cúc", reason="giao diện mới", now=NOW + 20 * MINUTE)
    text = await shown(reader, incident)
    assert re.findall(r'href="/pictures/([0-9a-f]{64})"', text) == before
    assert "Resolved: legitimate update" in text


async def test_an_outage_has_no_picture_of_after_and_says_why(reader: Client, store: Store) -> None:
    page = await registered(store)
    for minute in range(3):
        await checked(store, page, UNREACHABLE, NOW + minute * MINUTE)
    text = await shown(reader, 1)
    assert "There is no picture of it: the page could not be shown." in text
    assert "There was no approved picture." in text


async def test_a_resolved_incident_says_how_and_by_whom(reader: Client, store: Store) -> None:
    _, incident = await attacked(store)
    await store.incidents.resolve(
        incident, as_=Resolution.FALSE_ALARM, by="Trần Thị Bình", now=NOW + 30 * MINUTE, reason="băng rôn"
    )
    text = await shown(reader, incident)
    assert "Resolved: false alarm" in text
    assert "false alarm: băng rôn" in text


async def test_no_address_of_the_watched_page_can_be_opened_by_a_tap(reader: Client, store: Store) -> None:
    _, incident = await attacked(store)
    for path in ("/", f"/incidents/{incident}"):
        text = await (await reader.get(path)).text()
        targets = re.findall(r'(?:href|src|action)="([^"]*)"', text)
        assert targets
        assert all(target.startswith(("/", "?lang=")) and not target.startswith("//") for target in targets)


async def test_what_is_to_be_done_is_a_list_with_who_has_done_what(serve: Serve, store: Store) -> None:
    _, incident = await attacked(store)
    steps = (Step("Giữ bằng chứng <b>"), Step("Gọi đơn vị vận hành"))
    client = await serve(runbooks=lambda: {"defaced": Runbook("Khi bị tấn công", steps)})
    await sign_in(client)
    await store.incidents.tick(incident, steps[1].text, by="an", now=NOW + 20 * MINUTE)
    text = await (await client.get(f"/incidents/{incident}")).text()
    assert "1 of 2 done" in text
    await store.incidents.tick(incident, "of a runbook that was in force", by="an", now=NOW + 20 * MINUTE)
    assert "1 of 2 done" in await shown(client, incident)
    assert "Giữ bằng chứng &lt;b&gt;" in text
    assert text.count('class="done"') == 1


async def test_clocks_say_until_when_it_has_to_be_restored_and_reported_and_what_is_over(
    serve: Serve, store: Store, clock: Clock
) -> None:
    _, incident = await attacked(store)
    steps = (Step("Khôi phục", Mark.RESTORED), Step("Báo cáo", Mark.REPORTED))
    client = await serve(runbooks=lambda: {"defaced": Runbook("", steps)})
    await sign_in(client)
    began = (await store.incidents.get(incident)).incident.opened_at

    async def clocks() -> list[tuple[str, str]]:
        return re.findall(r'<div class="clock"><dt>(.*?)</dt>(.*?)</div>', await shown(client, incident))

    clock.now = began + timedelta(hours=4)
    (restore, restoring), (report, reporting) = await clocks()
    assert (restore, report) == ("Restore by", "Report by")
    assert "in 20 hours" in restoring
    assert not any("urgent" in row or "overdue" in row for row in (restoring, reporting))
    clock.now = began + timedelta(hours=26)
    await sign_in(client)
    (_, restoring), (_, reporting) = await clocks()
    assert all(said in restoring for said in ('class="urgent"', "overdue", "2 hours ago"))
    assert "urgent" not in reporting
    await store.incidents.tick(incident, "Khôi phục", by="an", now=clock())
    assert [name for name, _ in await clocks()] == ["Report by"]


async def test_a_change_that_became_an_attack_says_since_when_it_is_one(reader: Client, store: Store) -> None:
    page = await registered(store)
    await checked(store, page, CHANGED, NOW)
    assert "An attack since" not in await shown(reader, 1)
    await checked(store, page, DEFACED, NOW + 3 * MINUTE)
    assert "An attack since" in await shown(reader, 1)


async def test_a_long_story_is_told_from_its_end(
    reader: Client, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incident_module, "LINES", 2)
    _, incident = await attacked(store)
    for number in range(4):
        await store.incidents.comment(incident, by="an", text=f"ghi chú {number}", now=NOW + 12 * MINUTE)
    text = await shown(reader, incident)
    assert "and 3 earlier ones" in text
    assert ("ghi chú 1" in text, "ghi chú 2" in text, "ghi chú 3" in text) == (False, True, True)


async def test_without_javascript_the_page_is_not_loaded_again_under_the_hands_of_who_writes(
    reader: Client, serve: Serve, store: Store
) -> None:
    _, incident = await attacked(store)
    await person(store, "an", Role.OFFICER)
    officer = await serve()
    await log_in(officer, "an")
    assert 'http-equiv="refresh"' in await shown(reader, incident)
    text = await shown(officer, incident)
    assert 'http-equiv="refresh"' not in text
    assert f'<a href="/incidents/{incident}">Load again' in text


async def test_the_report_on_an_incident_is_taken_as_a_file_by_those_who_act(
    serve: Serve, store: Store
) -> None:
    _, incident = await attacked(store, said=HOSTILE)
    client = await serve(printing=lambda html: pdf_of(html, executable=find_chromium(None)))
    await person(store, "an", Role.OFFICER)
    await log_in(client, "an")
    address = f"/incidents/{incident}/report"
    assert f'href="{address}.pdf"' in await shown(client, incident)
    printed = await client.get(f"{address}.pdf")
    assert printed.headers["Content-Disposition"] == f'attachment; filename="incident-{incident}.pdf"'
    pages = PdfReader(io.BytesIO(await printed.read())).pages
    assert f"On incident SC-{incident:06d}" in pages[0].extract_text()
    assert sum(len(page.images) for page in pages) == 2
    written = docx.Document(io.BytesIO(await (await client.get(f"{address}.docx?lang=vi")).read()))
    assert f"Về sự cố SC-{incident:06d}: nghi bị tấn công" in [p.text for p in written.paragraphs]
    assert len(written.inline_shapes) == 2
    assert (await client.get("/incidents/99/report.docx")).status == 404
    assert (await client.get(f"{address}.csv")).status == 404
    await person(store, "xem", Role.VIEWER)
    viewer = await serve()
    await log_in(viewer, "xem")
    assert address not in await shown(viewer, incident)
    assert (await viewer.get(f"{address}.docx")).status == 403
