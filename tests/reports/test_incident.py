"""The report on an incident: what it says, and how what others wrote stands in it."""

from dataclasses import replace
from datetime import timedelta

from defacewatch.alerts import Delivery, DeliveryState
from defacewatch.campaigns import Campaign, Mark, Trait
from defacewatch.captures import Capture
from defacewatch.evidence import Account, Evidence, Proof
from defacewatch.incidents import PROGRAM, Event, Incident, Resolution, State
from defacewatch.papers.paper import Heading, Paper, Pictures, Table, Text
from defacewatch.portals import Page, Portal
from defacewatch.reports.incident import LISTED, incident_report
from defacewatch.runbooks import Step, Tick
from defacewatch.signals import Kind, Signal
from defacewatch.store.incidents import IncidentView, TimelineEntry
from defacewatch.verdicts import Verdict, VerdictKind
from tests.papers.samples import jpeg
from tests.reports.samples import HOSTILE, ISSUER, local, wording

AT = local("2026-11-05 10:00:00")
MINUTE = timedelta(minutes=1)
SHA = "ab" * 32


def account(said: str = "hacked by x") -> Account:
    portal = Portal("songhong", "Cổng tỉnh", owner="Văn phòng UBND tỉnh", level=4, critical=True)
    page = Page("songhong-1", "songhong", "https://songhong.gov.vn/")
    incident = Incident(
        page.id,
        VerdictKind.DEFACED,
        AT,
        id=124,
        state=State.RESOLVED,
        acknowledged_by="an",
        acknowledged_at=AT + 3 * MINUTE,
        resolved_by="an",
        resolved_at=AT + 90 * MINUTE,
        resolved_as=Resolution.RESTORED,
        previous=120,
    )
    signals = (
        Signal(Kind.TLS_EXPIRES_SOON, 0.0, "tls", {"not_after": "10/12/2026"}),
        Signal(Kind.DEFACE_PHRASE, 60.0, "deface-phrase:x", {"place": "title", "phrases": [said]}),
        Signal(Kind.REFUSED_REQUEST, 20.5, "refused", {"url": said, "reason": "private address 10.0.0.5"}),
    )
    timeline = [
        TimelineEntry(AT, Event.OPENED, PROGRAM, "", verdict=VerdictKind.DEFACED),
        TimelineEntry(AT + 3 * MINUTE, Event.ACKNOWLEDGED, "an", "", "telegram"),
        TimelineEntry(AT + 4 * MINUTE, Event.ASSIGNED, "an", "binh", "console:10.0.0.7 account an"),
        TimelineEntry(AT + 5 * MINUTE, Event.COMMENT, "binh", said, "console"),
        TimelineEntry(AT + 6 * MINUTE, Event.COMMENT, "binh", "đã gọi", "console"),
        TimelineEntry(AT + 90 * MINUTE, Event.RESOLVED, "an", f"restored: {said}", "cli:root"),
    ]
    sent = Delivery(
        1, 7, "telegram", "an", DeliveryState.SENT, 2, 0, AT, None, receipt=said, sent_at=AT + MINUTE
    )
    failed = replace(sent, id=2, channel="webhook:siem", officer=None, state=DeliveryState.FAILED, error=said)
    seen = Capture("20261105-0123456789", page.id, AT, SHA, SHA, SHA, SHA, "x", "y", page.url, 200, said)
    evidence = Evidence(
        IncidentView(incident, portal, page),
        timeline,
        [sent, failed],
        Proof(Verdict(VerdictKind.DEFACED, 80.5, 60.0, signals), AT + MINUTE, SHA, SHA),
        seen,
        replace(seen, id="20261101-0123456789", at=AT - timedelta(days=4)),
    )
    steps = (Step("Giữ bằng chứng"), Step("Báo cáo"))
    done = {"Giữ bằng chứng": Tick("binh", AT + 7 * MINUTE)}
    campaign = Campaign(12, AT, Mark(Trait.WORDS, said))
    return Account(evidence, jpeg(), jpeg("#000"), steps, done, campaign)


def report(of: Account, language: str = "vi") -> Paper:
    return incident_report(of, ISSUER, wording(language), at=AT + 100 * MINUTE, number="9")


def rows(paper: Paper, title: str) -> tuple[tuple[str, ...], ...]:
    (found,) = (table for table in paper.tables if table.title == title)
    return found.rows


def test_it_is_the_report_on_that_incident() -> None:
    paper = report(account())
    assert (paper.kind, paper.letterhead.number) == ("BÁO CÁO", "Số: 9/BC-TTGS")
    assert paper.letterhead.dated == "Sông Hồng, ngày 05 tháng 11 năm 2026"
    assert paper.subject == ("Về sự cố SC-000124: nghi bị tấn công", "Cổng tỉnh")
    assert paper.blocks[0] == Text(
        "Vào hồi 10 giờ 00 phút, ngày 05 tháng 11 năm 2026, hệ thống giám sát phát hiện trên một trang của"
        " Cổng tỉnh: nghi bị tấn công. Tình trạng lúc 11:40 05/11/2026: đã đóng – đã khôi phục trang."
    )
    facts = {row[0]: row[1] for row in rows(paper, "Thông tin chung")}
    assert facts["Địa chỉ"] == "hxxps://songhong[.]gov[.]vn/"
    assert facts["Báo lần đầu"] == "10:01:00 05/11/2026 (1 phút sau khi phát hiện)"
    assert facts["Người tiếp nhận"] == "Nguyễn Văn An, 10:03:00 05/11/2026 (3 phút sau khi phát hiện)"
    assert facts["Người đóng"] == "Nguyễn Văn An, 11:30:00 05/11/2026 (1 giờ 30 phút sau khi phát hiện)"
    assert facts["Thuộc đợt"].startswith("DT-000012: ")
    assert facts["Tiếp theo sự cố"] == "SC-000120"


def test_signs_come_the_strongest_first_and_all_of_it_in_the_readers_language() -> None:
    paper = report(account())
    assert [(row[0], row[2]) for row in rows(paper, "Dấu hiệu")] == [("1", "60"), ("2", "20,5"), ("3", "–")]
    assert "địa chỉ mạng nội bộ 10[.]0[.]0[.]5" in rows(paper, "Dấu hiệu")[1][1]
    english = report(account(), "en")
    assert "private address 10[.]0[.]0[.]5" in rows(english, "Signs")[1][1]
    assert Text("80.5 points together.", note=True) in english.blocks
    assert [block.text for block in english.blocks if isinstance(block, Heading)] == [
        "1. What is known",
        "2. Signs",
        "3. The page before and after",
        "4. What happened",
        "5. Who was told",
        "6. Who did what",
        "7. What was to be done",
        "8. What is kept as evidence",
    ]


def test_what_happened_who_was_told_and_who_did_what_stand_with_their_times() -> None:
    paper = report(account(), "en")
    happened = rows(paper, "What happened")
    assert happened[0] == ("10:00:00\n05/11/2026", "Incident opened", "the monitor itself")
    assert happened[1][1:] == ("Incident acknowledged", "Nguyễn Văn An\nby Telegram")
    assert happened[2][1] == "Incident assigned: Trần Thị Bình"
    assert happened[2][2].endswith("in the console: 10[.]0[.]0[.]7, account an")
    assert happened[5][1] == "Incident resolved: page restored\nhacked by x"
    told = rows(paper, "Who was told")
    assert told[0] == (
        "10:01:00\n05/11/2026",
        "Nguyễn Văn An",
        "telegram",
        "Delivered (attempts: 2)\nhacked by x",
    )
    assert told[1][1:3] == ("–", "webhook:siem")
    people = {row[0]: (row[1], row[2]) for row in rows(paper, "Who did what")}
    assert people["Trần Thị Bình"] == ("Remark (× 2)", "10:05:00\n05/11/2026")
    assert people["Nguyễn Văn An"][0] == "Incident acknowledged\nIncident assigned\nIncident resolved"
    steps = rows(paper, "What was to be done")
    assert [row[2:] for row in steps] == [("Trần Thị Bình", "10:07:00\n05/11/2026"), ("not done", "–")]
    assert {row[1] for row in rows(paper, "What is kept as evidence")} == {SHA}


def test_what_was_found_first_is_told_of_an_incident_that_has_become_worse() -> None:
    of = account()
    began = replace(of.evidence.timeline[0], verdict=VerdictKind.CHANGED)
    worse = replace(of, evidence=replace(of.evidence, timeline=[began, *of.evidence.timeline[1:]]))
    paper = report(worse, "en")
    opening = paper.blocks[0]
    assert isinstance(opening, Text)
    assert "found on a page of Cổng tỉnh: unusual change." in opening.text
    assert paper.subject[0] == "On incident SC-000124: suspected attack"


def test_evidence_that_is_gone_is_not_said_to_be_kept() -> None:
    of, seen = account(), account().evidence.capture
    assert seen is not None
    expired = replace(of, evidence=replace(of.evidence, capture=replace(seen, expired=True)))
    kept = [row[0].partition("\n")[0] for row in rows(report(expired, "en"), "What is kept as evidence")]
    assert kept[0] == "Before: picture"
    assert kept[3] == "After: picture (no longer kept)"


def test_the_page_before_and_after_stand_beside_one_another() -> None:
    (shown,) = (block for block in report(account(), "en").blocks if isinstance(block, Pictures))
    assert [picture.jpeg for picture in shown.shown] == [jpeg(), jpeg("#000")]
    assert shown.shown[0].title == "Before – as approved\n10:00:00 01/11/2026"
    (none,) = (
        block
        for block in report(replace(account(), before=b"", after=b""), "en").blocks
        if isinstance(block, Pictures)
    )
    assert {picture.lacking for picture in none.shown} == {"There is no picture of it, or none any more."}


def test_what_a_page_or_anybody_writes_stays_text_and_no_link() -> None:
    paper = report(account(HOSTILE))
    cells = [cell for table in paper.tables for row in table.rows for cell in row]
    assert sum("hxxp://evil[.]example/" in cell for cell in cells) == 8
    assert not any("http://" in cell or "\u202e" in cell or "\x00" in cell for cell in cells)
    assert any("{{ 7*7 }}" in cell for cell in cells)


def test_of_long_stories_the_latest_lines_are_listed_and_the_others_counted() -> None:
    of = account()
    remark = of.evidence.timeline[3]
    long = replace(of, evidence=replace(of.evidence, timeline=[remark] * (LISTED + 5)))
    paper = report(long, "en")
    assert len(rows(paper, "What happened")) == LISTED
    assert Text("Left out here, and in the system: 5.", note=True) in paper.blocks


def test_an_incident_of_which_little_is_known_has_its_report_too() -> None:
    view = account().evidence.view
    bare = Incident(view.page.id, VerdictKind.UNREACHABLE, AT, id=125)
    drill = replace(view.page, id="songhong-drill")
    evidence = Evidence(replace(view, incident=bare, page=drill), [], [], Proof(), None)
    paper = report(Account(evidence), "en")
    texts = [block.text for block in paper.blocks if isinstance(block, Text)]
    assert "It was a drill: the portal was untouched." in texts
    assert "No message has been made yet." in texts
    assert "There is no list of what to do in such an incident." in texts
    assert not any(isinstance(block, Table) and block.title == "Who did what" for block in paper.blocks)
    assert paper.subject[0] == "On incident SC-000125: unreachable"
