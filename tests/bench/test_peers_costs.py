"""What is computed of measured monitors."""

import math

import pytest

from bench.peers.costs import Beside, Measured, Spell, as_shipped, beside, together


def measured(*, pages: int = 200, **what: object) -> Measured:
    """A monitor whose check costs 10 ms, and which is quick to tell after it."""
    found = Measured("peer", pages, "")
    found.unchanged = [Spell(cpu=2.0, seconds=60.0, still=200)]
    found.interval, found.waits = 60.0, [32.0]
    for name, value in what.items():
        setattr(found, name, value)
    return found


def test_a_check_costs_what_all_rounds_cost_together() -> None:
    found = measured(unchanged=[Spell(1.0, 10.0, still=100), Spell(2.0, 20.0, still=100)])
    assert found.unchanged_check == pytest.approx(0.015)
    assert found.rate == pytest.approx(400)


def test_pages_that_stood_still_are_taken_out_of_what_moved_texts_cost() -> None:
    found = measured(changed=[Spell(cpu=9.0, seconds=60.0, moved=80, still=100)])
    assert found.changed_check == pytest.approx((9.0 - 100 * 0.01) / 80)


def test_without_checks_there_is_no_cost() -> None:
    found = measured(unchanged=[], changed=[])
    assert math.isnan(found.unchanged_check)
    assert math.isnan(found.changed_check)
    assert math.isnan(found.rate)


def test_half_of_the_defacements_are_told_within_the_median() -> None:
    assert measured(waits=[3.0, 1.0, 9.0]).p50 == 3.0


def test_what_was_never_told_counts_as_later_than_all() -> None:
    found = measured(waits=[3.0, 1.0], untold=1)
    assert found.p50 == 3.0
    assert found.longest == math.inf
    assert measured(waits=[3.0], untold=2).p50 == math.inf


def test_a_server_over_more_pages_looks_more_seldom_and_tells_as_quickly_after_a_look() -> None:
    found = measured(pages=20, interval=60.0, waits=[35.0])
    assert found.reached(20) == 35.0
    assert found.reached(200) == 600.0 / 2 + 5.0


def test_a_command_over_more_pages_reports_after_a_longer_run_too() -> None:
    found = measured(pages=20, interval=60.0, waits=[58.0], batch=True)
    assert found.reached(200) == pytest.approx(580.0)


def test_to_tell_sooner_costs_more_looks() -> None:
    found = measured(constant=1.5)  # two seconds after the look
    assert found.page_hour(32.0, 200) == pytest.approx(0.01 * 3600 / 60 + 1.5)
    assert found.page_hour(17.0, 200) == pytest.approx(0.01 * 3600 / 30 + 1.5)


def test_what_follows_a_look_cannot_be_bought_with_looks() -> None:
    assert measured().page_hour(2.0, 200) == math.inf


def test_both_are_compared_at_the_time_that_the_slower_one_keeps() -> None:
    slow = measured(interval=600.0, waits=[302.0])
    ours = measured(interval=30.0, waits=[25.0], constant=1.0)
    found = beside(slow, ours, 200)
    assert found.told_by == 302.0
    assert found.theirs == pytest.approx(0.01 * 3600 / 600)
    assert found.ours == pytest.approx(0.01 * 3600 / (2 * (302.0 - 10.0)) + 1.0)
    assert beside(measured(interval=4.0, waits=[3.0]), ours, 200).told_by == 25.0


def test_one_that_ran_over_fewer_pages_is_compared_at_our_own_time_too_if_it_kept_that() -> None:
    slow = measured(pages=20, interval=50.0, waits=[20.0])  # over 200 pages it would be half an hour's work
    ours = measured(interval=30.0, waits=[25.0], constant=1.0)
    found = as_shipped(slow, ours)
    assert found is not None
    assert found.told_by == 25.0
    assert found.theirs == pytest.approx(slow.unchanged_check * 3600 / (2 * (25.0 - (20.0 - 25.0))))
    assert found.ours == pytest.approx(0.01 * 3600 / 30 + 1.0)
    assert as_shipped(measured(pages=20, interval=50.0, waits=[25.1]), ours) is None
    assert as_shipped(measured(pages=20, waits=[], untold=3), ours) is None
    assert as_shipped(slow, measured(waits=[], untold=3)) is None


def test_a_ratio_says_how_many_times_as_much_the_other_costs() -> None:
    assert Beside(30.0, theirs=40.0, ours=2.0).ratio == 20.0


def test_spells_that_follow_one_another_are_one_with_the_largest_memory() -> None:
    found = together([Spell(1.0, 10.0, 2, 3, 50, 40, 4), Spell(2.0, 20.0, 1, 1, 30, 60, 9)])
    assert found == Spell(3.0, 30.0, 3, 4, 50, 60, 9)
