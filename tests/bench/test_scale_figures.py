"""Quantiles, slopes and histograms with values that are known."""

import math

import pytest

from bench.scale.figures import Histogram, growth, histogram, quantile, samples, slope, total

METRICS = """# TYPE defacewatch_checks counter
defacewatch_checks_total{{tier="probe",verdict="clean"}} {probes}
defacewatch_checks_total{{tier="probe",verdict="changed"}} 2.0
defacewatch_checks_total{{tier="render",verdict="clean"}} 5.0
# TYPE late_seconds histogram
late_seconds_bucket{{le="0.1"}} {fast}
late_seconds_bucket{{le="1.0"}} {slow}
late_seconds_bucket{{le="+Inf"}} {slow}
late_seconds_count {slow}
late_seconds_sum 1.0
"""


def scrape(probes: float, fast: float, slow: float) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return samples(METRICS.format(probes=probes, fast=fast, slow=slow))


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.0, 1)])
def test_a_quantile_is_one_of_the_values(share: float, value: float) -> None:
    assert quantile(list(range(100, 0, -1)), share) == value


def test_nothing_has_no_quantile_and_no_slope() -> None:
    assert math.isnan(quantile([], 0.5))
    assert math.isnan(slope([(1.0, 2.0)]))
    assert math.isnan(slope([(1.0, 2.0), (1.0, 3.0)]))


def test_a_slope_is_that_of_the_line_that_fits_best() -> None:
    assert slope([(0, 10), (10, 30), (20, 50)]) == pytest.approx(2.0)
    assert slope([(0, 1), (1, 3), (2, 2)]) == pytest.approx(0.5)


def test_series_with_these_labels_are_added_up() -> None:
    found = scrape(40, 1, 1)
    assert total(found, "defacewatch_checks_total", tier="probe") == 42
    assert total(found, "defacewatch_checks_total") == 47
    assert total(found, "nothing_total") == 0


def test_a_histogram_is_what_was_observed_between_two_scrapes() -> None:
    found = histogram(scrape(0, 60, 110), scrape(0, 10, 10), "late_seconds")
    assert found.buckets == ((0.1, 50), (1.0, 100), (math.inf, 100))
    assert found.quantile(0.25) == pytest.approx(0.05)
    assert found.quantile(0.75) == pytest.approx(0.55)
    assert found.at_most() == 1.0


def test_what_lies_beyond_the_last_bound_is_no_smaller_than_it() -> None:
    found = Histogram(((1.0, 5), (math.inf, 10)))
    assert found.quantile(0.99) == 1.0
    assert found.at_most() == math.inf
    assert math.isnan(Histogram(()).quantile(0.5))
    assert math.isnan(Histogram(((1.0, 0), (math.inf, 0))).at_most())


def test_growth_compares_the_cost_of_one_with_that_in_the_smallest_farm() -> None:
    assert growth([(200, 20.0), (1000, 100.0), (5000, 250.0)]) == [
        (200, 0.1, 1.0),
        (1000, 0.1, 1.0),
        (5000, 0.05, 0.5),
    ]
    assert growth([]) == []
