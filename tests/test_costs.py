import pytest

from defacewatch.costs import COVERED, COVERED_AGAIN, Costs, Meter, keeps_up, load_of

COSTS = Costs(probe=0.005, capture=1.0, revalidation=0.02)


def test_a_load_is_the_sum_of_what_its_errands_cost() -> None:
    load = load_of([(30.0, 1800.0, 450.0)] * 900, COSTS, processors=2)
    assert load.pages == 900
    assert (load.probes, load.captures, load.revalidations) == pytest.approx((30.0, 0.5, 2.0))
    assert load.total == pytest.approx(30 * 0.005 + 0.5 * 1.0 + 2 * 0.02)
    assert load.affordable
    assert load.stretch == 1.0
    assert "30.0 probes/s × 5.0 ms" in load.sentence
    assert "= 0.69 of 2 processors" in load.sentence


def test_where_only_the_probes_can_be_afforded_the_round_of_captures_is_stretched() -> None:
    load = load_of([(60.0, 1800.0, None)] * 9000, COSTS, processors=2)
    assert not load.affordable
    assert load.bearable
    assert load.stretch == pytest.approx(5.0 / (1.4 - 0.75))


def test_where_not_even_the_probes_can_be_afforded_no_stretch_will_do() -> None:
    load = load_of([(10.0, 1800.0, None)] * 9000, COSTS, processors=2)
    assert not load.bearable
    assert load.stretch == float("inf")


def test_a_quota_of_a_part_of_a_processor_is_counted_as_such() -> None:
    load = load_of([(30.0, 1800.0, None)] * 900, COSTS, processors=0.5)
    assert not load.affordable
    assert "of 0.5 processors" in load.sentence


def test_coverage_between_the_thresholds_says_neither_that_a_host_keeps_up_nor_that_it_does_not() -> None:
    assert keeps_up(COVERED - 0.0001) is False
    assert keeps_up(COVERED) is None
    assert keeps_up(COVERED_AGAIN) is None
    assert keeps_up(COVERED_AGAIN + 0.0001) is True


def test_a_meter_learns_what_errands_cost_once_it_has_seen_enough() -> None:
    meter = Meter()
    meter.note(daemon=10.0, others=100.0, probes=0, captures=0)
    meter.note(daemon=10.1, others=105.0, probes=100, captures=5)
    assert meter.costs is None
    meter.note(daemon=12.0, others=150.0, probes=1000, captures=50)
    assert meter.costs == Costs(probe=0.002, capture=1.0, revalidation=0.0)


def test_a_meter_begins_anew_when_a_process_has_taken_what_it_used_with_it() -> None:
    meter = Meter()
    meter.note(daemon=10.0, others=100.0, probes=0, captures=0)
    meter.note(daemon=20.0, others=5.0, probes=1000, captures=50)
    assert meter.costs is None
    meter.note(daemon=22.0, others=55.0, probes=2000, captures=100)
    assert meter.costs == Costs(probe=0.002, capture=1.0, revalidation=0.0)
