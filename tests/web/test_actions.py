"""What an officer does about an incident in the console."""

import re

import pytest

from defacewatch.accounts import Role
from defacewatch.incidents import Resolution, State
from defacewatch.roster import Officer, Roster
from defacewatch.runbooks import Runbook, Step
from defacewatch.store import Store
from tests.conftest import Clock
from tests.store.samples import CHANGED, CLEAN, DEFACED, MINUTE, NOW
from tests.web.conftest import Client, Serve, csrf_of, send
from tests.web.people import log_in, person
from tests.web.seeds import HOSTILE, attacked, checked, registered

STEP = Step("Giữ bằng chứng <b>")
ACTIONS = ("acknowledge", "comment", "false-alarm", "restored", "propose", "assign", "tick")


@pytest.fixture
async def officer(serve: Serve, clock: Clock, store: Store) -> Client:
    """A client whose reader is known by name."""
    clock.now = NOW + 30 * MINUTE
    client = await serve(runbooks=lambda: {"defaced": Runbook("Khi bị tấn công", (STEP,))})
    await person(store, "an", Role.OFFICER, officer="an")
    assert (await log_in(client, "an")).status == 303
    return client


async def post(client: Client, incident: int, action: str, **fields: str) -> int:
    answer = await send(client, f"/incidents/{incident}/{action}", fields, page="/")
    if answer.status == 303:
        assert answer.headers["Location"] == f"/incidents/{incident}#actions"
    return answer.status


async def seen_on(client: Client, incident: int) -> str:
    """What the form carries that the page of an incident shows just now."""
    found = re.search(r'name="seen" value="(\d+)"', await page(client, incident))
    assert found is not None
    return found[1]


async def page(client: Client, incident: int) -> str:
    return await (await client.get(f"/incidents/{incident}")).text()


@pytest.mark.parametrize("action", ACTIONS)
async def test_with_the_token_alone_nothing_can_be_done(reader: Client, store: Store, action: str) -> None:
    _, incident = await attacked(store)
    before = await store.incidents.timeline(incident)
    assert 'method="post" action="/incidents' not in await page(reader, incident)
    assert await post(reader, incident, action, text="x", step=STEP.text) == 403
    assert await store.incidents.timeline(incident) == before


async def test_who_may_only_look_can_do_nothing(serve: Serve, store: Store) -> None:
    _, incident = await attacked(store)
    client = await serve()
    await person(store, "xem", Role.VIEWER)
    assert (await log_in(client, "xem")).status == 303
    assert 'id="actions"' not in await page(client, incident)
    assert await post(client, incident, "acknowledge") == 403


async def test_a_form_of_another_site_does_nothing(officer: Client, store: Store) -> None:
    _, incident = await attacked(store)
    headers = {"Sec-Fetch-Site": "cross-site"}
    csrf = await csrf_of(officer, "/")
    address = f"/incidents/{incident}/acknowledge"
    assert (await officer.post(address, data={"csrf": csrf}, headers=headers)).status == 403
    assert (await officer.post(address, data={"csrf": "0" * 40})).status == 403
    assert (await store.incidents.get(incident)).incident.state is State.OPEN


async def test_an_incident_is_taken_once_and_whoever_comes_second_is_told(
    officer: Client, store: Store
) -> None:
    _, incident = await attacked(store)
    assert "You act as An." in await page(officer, incident)
    assert await post(officer, incident, "acknowledge") == 303
    taken = (await store.incidents.get(incident)).incident
    assert (taken.acknowledged_by, taken.acknowledged_at) == ("an", NOW + 30 * MINUTE)
    assert (await store.incidents.timeline(incident))[-1].via == "console"
    answer = await send(officer, f"/incidents/{incident}/acknowledge", {}, page="/")
    assert answer.status == 409
    assert 'class="warning" role="alert"' in await answer.text()
    answer = await send(officer, f"/incidents/{incident}/acknowledge?lang=vi", {}, page="/")
    said = "Sự cố SC-000001 đã được an tiếp nhận lúc 15:00:00 02/09/2026 (GMT+7)"
    assert said in await answer.text()
    assert "/acknowledge" not in await page(officer, incident)


async def test_a_remark_is_kept_and_an_empty_one_is_not(officer: Client, store: Store) -> None:
    _, incident = await attacked(store)
    assert await post(officer, incident, "comment", text="  ") == 409
    assert await post(officer, incident, "comment", text=HOSTILE) == 303
    assert (await store.incidents.timeline(incident))[-1].text == HOSTILE
    assert "<img src=x" not in await page(officer, incident)


async def test_a_false_alarm_needs_a_reason_and_closes(officer: Client, store: Store) -> None:
    _, incident = await attacked(store)
    seen = await seen_on(officer, incident)
    assert await post(officer, incident, "false-alarm", seen=seen) == 409
    assert await post(officer, incident, "false-alarm", seen=seen, text="băng rôn ngày lễ") == 303
    closed = (await store.incidents.get(incident)).incident
    assert (closed.resolved_as, closed.resolved_by) == (Resolution.FALSE_ALARM, "an")
    assert "/false-alarm" not in await page(officer, incident)


@pytest.mark.parametrize("seen", [None, "0", "x", "²"])
async def test_a_false_alarm_mutes_nothing_that_came_after_the_page_was_shown(
    officer: Client, store: Store, clock: Clock, seen: str | None
) -> None:
    page_id = await registered(store)
    await checked(store, page_id, CHANGED, NOW + 5 * MINUTE, mark="b")
    shown = await seen_on(officer, 1) if seen is None else seen
    await checked(store, page_id, DEFACED, NOW + 20 * MINUTE, mark="c")
    fields = {"text": "cập nhật <nội dung>", "seen": shown}
    answer = await send(officer, "/incidents/1/false-alarm?lang=vi", fields, page="/")
    said = await answer.text()
    assert answer.status == 409
    assert "Trang đã thay đổi thêm so với những gì bạn đã xem." in said
    assert 'value="cập nhật &lt;nội dung&gt;"' in said
    assert (await store.incidents.get(1)).incident.state is State.OPEN
    assert not (await store.checks.context(page_id, now=clock())).mutes
    again = re.search(r'name="seen" value="(\d+)"', said)
    assert again is not None
    assert await post(officer, 1, "false-alarm", text="đã xem lại", seen=again[1]) == 303


async def test_on_a_critical_portal_only_an_officer_of_the_roster_calls_a_false_alarm(
    serve: Serve, clock: Clock, store: Store
) -> None:
    clock.now = NOW + 30 * MINUTE
    await checked(store, await registered(store, critical=True), DEFACED, NOW)
    for name, officer, status in (("zed", None, 409), ("an", "an", 303)):
        client = await serve(roster=lambda: Roster((Officer("an", "Nguyễn Văn An"),)))
        await person(store, name, Role.OFFICER, officer=officer)
        assert (await log_in(client, name)).status == 303
        seen = (await store.incidents.timeline(1))[-1].id
        assert await post(client, 1, "false-alarm", text="x", seen=str(seen)) == status


async def test_what_is_muted_is_seen_at_the_page_and_ended_by_an_approver(
    serve: Serve, officer: Client, store: Store
) -> None:
    page_id, incident = await attacked(store)
    seen = await seen_on(officer, incident)
    assert await post(officer, incident, "false-alarm", text="băng rôn", seen=seen) == 303
    [mute, *_] = muted = await store.mutes.holding(NOW)
    path = f"/pages/{page_id}/mutes/{mute.id}/end"
    assert path not in await (await officer.get(f"/pages/{page_id}")).text()
    assert (await send(officer, path, {}, page="/account")).status == 403
    approver = await serve()
    await person(store, "binh", Role.APPROVER, officer="binh")
    assert (await log_in(approver, "binh")).status == 303
    assert path in await (await approver.get(f"/pages/{page_id}")).text()
    assert (await send(approver, path, {}, page=f"/pages/{page_id}")).status == 303
    assert await store.mutes.holding(NOW + 60 * MINUTE) == muted[1:]


async def test_a_remark_or_somebody_who_takes_it_changes_nothing_of_what_was_seen(
    officer: Client, store: Store
) -> None:
    _, incident = await attacked(store)
    seen = await seen_on(officer, incident)
    await store.incidents.acknowledge(incident, by="binh", via="cli", now=NOW + 12 * MINUTE)
    assert await post(officer, incident, "false-alarm", text="băng rôn", seen=seen) == 303


async def test_the_audit_log_tells_the_account_besides_the_officer(officer: Client, store: Store) -> None:
    _, incident = await attacked(store)
    assert await post(officer, incident, "acknowledge") == 303
    assert await post(officer, incident, "assign", officer="an") == 409
    assert await post(officer, incident, "comment", text="x") == 303
    for entry in await store.audit.list(limit=2):
        assert (entry.who, entry.source) == ("an", "console:127.0.0.1 account an")
        assert "token" not in entry.after


async def test_a_page_is_restored_only_when_it_is(officer: Client, store: Store) -> None:
    page_id, incident = await attacked(store)
    assert await post(officer, incident, "restored") == 409
    assert (await store.incidents.get(incident)).incident.state is State.OPEN
    await checked(store, page_id, CLEAN, NOW + 20 * MINUTE, mark="a")
    assert await post(officer, incident, "restored") == 303
    assert (await store.incidents.get(incident)).incident.resolved_as is Resolution.RESTORED


async def test_the_capture_that_was_shown_is_proposed_and_no_other(officer: Client, store: Store) -> None:
    _, incident = await attacked(store)
    shown = re.search(r'name="capture" value="([^"]+)"', await page(officer, incident))
    assert shown is not None
    assert await post(officer, incident, "propose", capture="20260902-0000000000") == 409
    assert await post(officer, incident, "propose", capture=shown[1]) == 303
    assert (await store.baselines.capture(shown[1])).proposed_by == "an"
    assert "is proposed as baseline and waits" in await page(officer, incident)


async def test_a_step_is_ticked_and_taken_back(officer: Client, store: Store) -> None:
    _, incident = await attacked(store)
    assert await post(officer, incident, "tick", step="not in the runbook") == 409
    assert await post(officer, incident, "tick", step=STEP.text) == 303
    assert (await store.incidents.ticked(incident))[STEP.text].by == "an"
    assert 'name="undo"' in await page(officer, incident)
    assert await post(officer, incident, "tick", step=STEP.text, undo="1") == 303
    assert await store.incidents.ticked(incident) == {}


async def test_the_address_of_an_action_leads_back_to_its_incident(officer: Client, store: Store) -> None:
    _, incident = await attacked(store)
    answer = await officer.get(f"/incidents/{incident}/acknowledge?lang=vi", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, f"/incidents/{incident}")
    answer = await send(officer, f"/incidents/{incident}/comment", {}, page="/")
    assert f'<link rel="canonical" href="/incidents/{incident}">' in await answer.text()


async def test_what_is_no_action_or_no_incident_is_not_there(officer: Client, store: Store) -> None:
    _, incident = await attacked(store)
    assert await post(officer, incident, "explode") == 404
    assert await post(officer, 99, "acknowledge") == 404


async def test_an_incident_is_assigned_to_an_officer_of_the_roster(
    serve: Serve, clock: Clock, store: Store
) -> None:
    clock.now = NOW + 30 * MINUTE
    officers = (Officer("an", "Nguyễn Văn An"), Officer("binh", "Trần <b>Bình</b>"))
    client = await serve(roster=lambda: Roster(officers))
    await person(store, "an", Role.OFFICER, officer="an")
    assert (await log_in(client, "an")).status == 303
    _, incident = await attacked(store)
    assert '<option value="binh">Trần &lt;b&gt;Bình&lt;/b&gt;</option>' in await page(client, incident)
    assert await post(client, incident, "assign") == 409
    assert await post(client, incident, "assign", officer="nobody") == 409
    assert await post(client, incident, "assign", officer="binh") == 303
    taken = (await store.incidents.get(incident)).incident
    assert (taken.state, taken.acknowledged_by) == (State.ACKNOWLEDGED, "binh")
    entry = (await store.incidents.timeline(incident))[-1]
    assert (entry.by, entry.via, entry.text) == ("an", "console", "binh")
    assert "Incident assigned" in await page(client, incident)
