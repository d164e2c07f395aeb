"""Which outcomes count for which target."""

from bench.detect.events import ORDINARY, REDESIGN
from bench.detect.score import LEGITIMATE, Outcome
from bench.detect.targets import Row, Target, targets


def outcome(group: str, row: str, verdict: str, *, site: str = "a", expect: str = "changed") -> Outcome:
    return Outcome(site, site, True, 9, group, row, expect, verdict, 0.0, 0.0, "clean", 0.0, ())


def measured(
    *outcomes: Outcome, late: tuple[str, ...] = (), planned: tuple[Row, ...] = ()
) -> dict[str, Target]:
    return {target.what: target for target in targets(outcomes, late=late, seed=1, planned=planned)}


WEAKEST = "partial attacks, the weakest kind"
OVERALL = "partial attacks said at least changed, overall"


def test_nothing_judged_is_nothing_reached() -> None:
    assert {target.reached for target in measured().values()} == {None}


def test_partial_attacks_need_to_be_changed_and_replacements_defaced() -> None:
    found = measured(outcome("partial", "x", "changed"), outcome("replacement", "y", "changed"))
    assert found[OVERALL].reached
    assert found["whole-page replacement said at least changed"].reached
    assert found["whole-page replacement said defaced"].reached is False


def test_the_weakest_kind_is_named() -> None:
    some = [outcome("partial", "x", "changed")] * 9 + [outcome("partial", "y", "clean")]
    weakest = measured(*some)[WEAKEST]
    assert weakest.measured.startswith("y: 0/1")
    assert weakest.reached is False


def test_a_planned_kind_without_a_case_keeps_the_target_open() -> None:
    plan = (("partial", "x"), ("slow", "z"), ("stress", "s"))
    weakest = measured(outcome("partial", "x", "changed"), planned=plan)[WEAKEST]
    assert weakest.reached is None
    assert weakest.measured.endswith("; not measured: z")
    assert measured(planned=plan)[WEAKEST].measured == "not measured: x, z"


def test_late_kinds_count_for_no_target() -> None:
    found = measured(outcome("partial", "x", "clean"), late=("x",), planned=(("partial", "x"),))
    assert found[OVERALL].reached is None
    assert found[WEAKEST].measured == "–"


def test_legitimate_steps_count_by_their_class() -> None:
    some = [outcome(LEGITIMATE, ORDINARY, "clean", site=str(n)) for n in range(99)]
    redesign = outcome(LEGITIMATE, REDESIGN, "defaced")
    out = outcome("stress", "status 503", "unreachable", expect="unreachable")
    found = measured(*some, outcome(LEGITIMATE, ORDINARY, "changed"), redesign, out)
    assert found["ordinary update said defaced"].reached
    assert found["ordinary update said changed"].measured.startswith("1/100 = 1.00 %")
    assert found["labelled redesign said defaced"].reached is False
    assert found["error, maintenance, bot wall said defaced"].reached
