from datetime import UTC, date, datetime, time

from defacewatch.bot import answers
from defacewatch.incidents import Incident
from defacewatch.language import translator
from defacewatch.portals import Page, Portal
from defacewatch.raising import RaisedWatch
from defacewatch.roster import Officer, Roster
from defacewatch.shifts import Shift
from defacewatch.store.incidents import IncidentView
from defacewatch.store.states import PageState
from defacewatch.verdicts import Streak, VerdictKind

NOW = datetime(2026, 9, 2, 3, 0, tzinfo=UTC)  # 10:00 in Hà Nội, a Wednesday
EN = translator("en")
PAGE = Page("p-1", "p", "https://p.gov.vn/")
PORTAL = Portal("p", "Cổng \u202ep http://evil.example\n/status")


def state(verdict: VerdictKind | None) -> PageState:
    return PageState(PAGE, PORTAL, verdict, 0.0, NOW, NOW, None, Streak(), None, has_baseline=True)


def test_status_counts_every_verdict_and_names_the_bad_worst_first() -> None:
    words = answers.status(
        [state(VerdictKind.CHANGED), state(VerdictKind.CLEAN), state(VerdictKind.DEFACED), state(None)],
        None,
        EN,
    ).splitlines()
    assert words[:5] == [
        "4 pages are watched",
        "🔴 suspected attack: 1",
        "🟠 unusual change: 1",
        "🟢 as approved: 1",
        "⚪ not checked yet: 1",
    ]
    assert [line[0] for line in words[6:]] == ["🔴", "🟠"]


def test_status_says_first_that_the_watch_is_raised() -> None:
    watch = RaisedWatch("Quốc khánh 2/9", date(2026, 8, 31), date(2026, 9, 3))
    words = answers.status([state(VerdictKind.CLEAN)], watch, EN).splitlines()
    assert words[0] == "🛡️ Raised watch: Quốc khánh 2/9, until 03/09/2026"


def test_status_of_many_bad_pages_is_cut_and_counted() -> None:
    words = answers.status([state(VerdictKind.DEFACED)] * 40, None, EN).splitlines()
    assert words[-1] == "… and 25 more"
    assert len("\n".join(words)) < 4096


def test_names_from_elsewhere_start_no_line_and_no_link() -> None:
    words = answers.status([state(VerdictKind.DEFACED)], None, EN)
    assert words.endswith("🔴 Cổng p hxxp://evil[.]example [/]status")


def test_no_incident_is_said_in_words() -> None:
    assert answers.incidents([], Roster(), "Asia/Ho_Chi_Minh", EN) == "No incident is open."


def test_an_incident_takes_two_lines() -> None:
    view = IncidentView(Incident("p-1", VerdictKind.DEFACED, NOW, id=7), PORTAL, PAGE)
    first, second = answers.incidents([view], Roster(), "Asia/Ho_Chi_Minh", EN).splitlines()
    assert first.startswith("🔴 SC-000007")
    assert first.endswith("p[.]gov[.]vn")
    assert second == "suspected attack · 10:00:00 02/09/2026 (GMT+7) · not acknowledged"


def test_who_is_on_duty_is_named_with_a_phone() -> None:
    officers = (Officer("an", "Nguyễn Văn An", phone="0901"), Officer("binh", "Trần Thị Bình"))
    shift = Shift(("an",), time(7), time(15), days=frozenset({2}))
    assert answers.onduty(Roster(officers, (shift,)), NOW, EN) == "On duty:\n• Nguyễn Văn An 0901"


def test_who_acted_is_named_from_the_roster_or_as_written() -> None:
    roster = Roster((Officer("an", "Nguyễn Văn An"),))
    assert answers.named("an", roster) == "Nguyễn Văn An"
    assert answers.named("root", roster) == "root"
    assert answers.named(None, roster) == "?"
