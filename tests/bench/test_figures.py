"""Rates and intervals with values that are known."""

import math

import pytest

from bench.detect import simulate
from bench.detect.figures import exact, percentile, rate


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        (0, 1, 0.0, 0.975),
        (0, 10, 0.0, 0.3085),
        (10, 10, 0.6915, 1.0),
        (5, 10, 0.1871, 0.8129),
        (1, 20, 0.0013, 0.2487),
    ],
)
def test_the_exact_interval_is_that_of_the_tables(hits: int, n: int, low: float, high: float) -> None:
    assert exact(hits, n) == pytest.approx((low, high), abs=1e-4)


def test_a_rate_counts_cases_and_its_interval_sites() -> None:
    found = rate({"a": [True] * 3, "b": [False], "c": []}, seed=1)
    assert (found.hits, found.n, found.sites, found.value) == (3, 4, 2, 0.75)
    assert found.low < 0.1
    assert found.high > 0.9


def test_none_and_all_have_the_exact_interval_of_their_sites() -> None:
    none = rate({str(n): [False] * 50 for n in range(10)}, seed=1)
    assert (none.low, none.high) == pytest.approx((0.0, 0.3085), abs=1e-4)
    every = rate({str(n): [True] * 50 for n in range(10)}, seed=1)
    assert (every.low, every.high) == pytest.approx((0.6915, 1.0), abs=1e-4)


def test_equal_rates_on_all_sites_are_no_certainty() -> None:
    found = rate({str(n): [True, False] * 20 for n in range(10)}, seed=1)
    assert (found.low, found.high) == pytest.approx((0.1871, 0.8129), abs=1e-4)


def test_one_site_says_next_to_nothing() -> None:
    found = rate({"a": [True] * 97 + [False] * 3}, seed=1)
    assert (found.low, found.high) == pytest.approx((0.0, 1.0))
    assert found.value == 0.97


def test_the_interval_of_several_sites_holds_the_rate_and_is_the_same_for_a_seed() -> None:
    sites = {str(n): [n % 3 == 0] * 4 + [True] for n in range(12)}
    found = rate(sites, seed=3)
    assert found == rate(sites, seed=3)
    assert 0 < found.low < found.value < found.high < 1


def test_a_rate_of_nothing_is_no_number() -> None:
    found = rate({"a": []}, seed=1)
    assert found.n == 0
    assert math.isnan(found.value)
    assert math.isnan(found.low)


def test_a_percentile_is_the_smallest_value_that_enough_do_not_exceed() -> None:
    assert percentile([3, 1, 2, 4], 0.5) == 2
    assert percentile([3, 1, 2, 4], 0.95) == 4
    assert percentile([7], 0.01) == 7
    assert math.isnan(percentile([], 0.5))


def test_false_alarms_are_counted_by_site_and_by_page() -> None:
    some = simulate.told(4, sites=2, pages=8, days=15)
    assert some == "4.00 false alarms per site and month, 1.00 per page and month (simulated)"
    none = simulate.told(0, sites=2, pages=8, days=15)
    assert none == "none; at most 3.0 per site and month at 95 % (simulated, rule of three on 2 sites)"
