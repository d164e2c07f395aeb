"""The line of the last day."""

from datetime import timedelta

from defacewatch.store import Store
from defacewatch.store.wall import Moment
from defacewatch.verdicts import VerdictKind
from defacewatch.web.sparkline import SLOTS, Sparkline, Sparklines, since, sparkline
from tests.store.samples import CHANGED, CLEAN, MINUTE, NOW, checked, registered

LAST = int(NOW.timestamp()) // 900
HOUR = 4  # quarters


def moment(ago: int, kind: VerdictKind, elapsed: float = 1.0) -> Moment:
    return Moment(LAST - ago, kind, elapsed)


def runs(*moments: Moment, checked_minutes_ago: int = 0) -> list[tuple[int, int, str]]:
    line = sparkline(moments, NOW, NOW - checked_minutes_ago * MINUTE)
    return [(run.start, run.length, run.verdict) for run in line.runs]


def test_a_page_is_as_the_last_check_said_until_the_next() -> None:
    found = runs(moment(2 * HOUR, VerdictKind.CLEAN), moment(HOUR, VerdictKind.DEFACED))
    assert found == [(SLOTS - 9, 4, "clean"), (SLOTS - 5, 5, "defaced")]


def test_of_a_quarter_of_an_hour_the_worst_counts() -> None:
    bad, well = moment(4, VerdictKind.DEFACED), moment(4, VerdictKind.CLEAN)
    assert runs(moment(5, VerdictKind.CLEAN), bad, well) == [
        (SLOTS - 6, 1, "clean"), (SLOTS - 5, 1, "defaced"), (SLOTS - 4, 4, "clean"),
    ]  # fmt: skip


def test_what_began_before_a_quarter_counts_in_it() -> None:
    assert runs(moment(3, VerdictKind.DEFACED), moment(2, VerdictKind.CLEAN))[0] == (SLOTS - 4, 2, "defaced")


def test_after_the_last_check_nothing_is_known() -> None:
    assert runs(moment(HOUR, VerdictKind.CLEAN), checked_minutes_ago=45) == [(SLOTS - 5, 2, "clean")]


def test_what_is_older_than_a_day_is_not_shown() -> None:
    assert runs(moment(SLOTS, VerdictKind.DEFACED), moment(0, VerdictKind.CLEAN)) == [(SLOTS - 1, 1, "clean")]
    assert sparkline([], NOW, None) == Sparkline()
    assert since(NOW) == NOW - timedelta(days=1) + 15 * MINUTE


def test_the_longest_time_is_highest() -> None:
    line = sparkline([moment(4, VerdictKind.CLEAN, 1.0), moment(0, VerdictKind.CLEAN, 4.0)], NOW, NOW)
    assert line.points == f"{SLOTS - 5},10.0 {SLOTS - 1},1.0"
    assert (line.longest, line.worst) == (4.0, VerdictKind.CLEAN)
    assert sparkline([moment(1, VerdictKind.CLEAN)], NOW, NOW).points == ""


async def test_a_line_is_made_again_when_a_check_was_kept(store: Store) -> None:
    page = await registered(store)
    lines = Sparklines(store)
    await checked(store, page, CLEAN)
    pages = await store.wall.pages()
    first = (await lines.of(pages, NOW))[page]
    assert (await lines.of(pages, NOW))[page] is first
    await checked(store, page, CHANGED, NOW + MINUTE)
    again = (await lines.of(await store.wall.pages(), NOW + MINUTE))[page]
    assert again.worst is VerdictKind.CHANGED
    assert (await lines.of([], NOW)) == {}
