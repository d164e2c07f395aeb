from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

import pytest

from defacewatch.agenda import Due, Errand
from defacewatch.intervals import CRITICAL, Intervals, fresh_for, intervals, next_capture, offset
from defacewatch.portals import Page, Portal
from defacewatch.raising import RaisedWatch

DEFAULT = Intervals(timedelta(seconds=30), timedelta(minutes=30))
WATCH = RaisedWatch("2/9", date(2026, 8, 31), date(2026, 9, 3), timedelta(seconds=15), timedelta(minutes=10))


def portal(**changes: object) -> Portal:
    pages = (
        Page("p-1", "p", "https://p.gov.vn/"),
        Page("p-2", "p", "https://p.gov.vn/x", probe_every=timedelta(seconds=10)),
    )
    return Portal("p", "Cổng", pages=pages, **changes)  # type: ignore[arg-type]


def test_a_page_keeps_its_own_intervals_and_others_get_the_default() -> None:
    planned = intervals([portal()], DEFAULT, None)
    assert planned["p-1"] == DEFAULT
    assert planned["p-2"].probe == timedelta(seconds=10)


def test_pages_of_a_critical_portal_weigh_more() -> None:
    assert intervals([portal(critical=True)], DEFAULT, None)["p-1"].weight == CRITICAL


def test_a_raised_watch_shortens_and_never_lengthens() -> None:
    planned = intervals([portal()], DEFAULT, WATCH)
    assert planned["p-1"] == Intervals(timedelta(seconds=15), timedelta(minutes=10))
    assert planned["p-2"].probe == timedelta(seconds=10)


def test_what_a_page_is_made_of_is_asked_for_so_often_that_a_change_is_found_in_time() -> None:
    """At worst just after an answer for another page came, which then serves until it is too old, and the
    next round of this page comes after that."""
    within = timedelta(minutes=10)
    every = Intervals(timedelta(seconds=30), timedelta(minutes=30), within).every(Errand.REVALIDATE)
    assert every is not None
    assert timedelta(seconds=every) + fresh_for(within) == within
    assert timedelta(0) < fresh_for(within) < timedelta(seconds=every)
    assert DEFAULT.every(Errand.REVALIDATE) is None


def test_a_page_is_not_revalidated_where_it_is_captured_as_often() -> None:
    often = Intervals(timedelta(seconds=30), timedelta(minutes=30), timedelta(minutes=10))
    assert intervals([portal()], often, None)["p-1"].revalidate == timedelta(minutes=10)
    assert intervals([portal()], often, WATCH)["p-1"].revalidate is None


@pytest.mark.parametrize("changes", [{"paused": True}, {"enabled": False}])
def test_a_portal_that_is_paused_or_left_the_file_is_not_watched(changes: dict[str, object]) -> None:
    assert intervals([portal(**changes)], DEFAULT, None) == {}


def test_start_times_are_spread_and_the_same_after_a_restart() -> None:
    interval = timedelta(seconds=30)
    offsets = [offset(f"p-{n}", interval, Errand.PROBE) for n in range(1000)]
    assert offsets == [offset(f"p-{n}", interval, Errand.PROBE) for n in range(1000)]
    quarters = [sum(1 for o in offsets if o // (interval / 4) == q) for q in range(4)]
    assert min(quarters) > 200


def test_captures_that_came_in_a_wave_come_evenly_after_twenty_rounds_and_never_late() -> None:
    hour, last = 3600.0, list[float]()
    for page in (f"p-{n}" for n in range(400)):
        times = [500_000.0]
        for _ in range(21):
            times.append(next_capture(Due(page, Errand.RENDER, hour, times[-1]), times[-1]))
        gaps = [later - earlier for earlier, later in pairwise(times)]
        assert 0.95 * hour - 0.1 < min(gaps) <= max(gaps) < hour + 0.1
        assert gaps[-1] == pytest.approx(hour), "it has come to its place, and stays there"
        last.append(times[-1])
    quarters = Counter(int(at % hour // 900) for at in last)
    assert len(quarters) == 4
    assert max(quarters.values()) < 1.5 * min(quarters.values())
