from dataclasses import replace

import pytest

from defacewatch.captures import Tier
from defacewatch.signals import KINDS, Kind, Role, Signal
from defacewatch.verdicts import (
    Streak,
    Verdict,
    VerdictKind,
    blinded,
    judge,
    muted,
    needs_another_look,
    settle,
)

CLEAN, CHANGED, DEFACED = VerdictKind.CLEAN, VerdictKind.CHANGED, VerdictKind.DEFACED
UNREACHABLE, LEARNING, UNKNOWN = VerdictKind.UNREACHABLE, VerdictKind.LEARNING, VerdictKind.UNKNOWN


def signal(kind: Kind, points: float) -> Signal:
    return Signal(kind, points, f"{kind}:x")


ATTACK = signal(Kind.DEFACE_PHRASE, 60)
OUTAGE = signal(Kind.HTTP_ERROR, 0)
LOST = signal(Kind.IDENTITY_LOST, 60)
CERTIFICATE = signal(Kind.TLS, 0)
ODD_STATUS = signal(Kind.SERVED_AS_ERROR, 0)
PARKED = signal(Kind.VACANT, 35)


@pytest.mark.parametrize(
    ("signals", "has_baseline", "expected"),
    [
        ([], True, CLEAN),
        ([signal(Kind.TEXT, 29)], True, CLEAN),
        ([signal(Kind.TEXT, 15), signal(Kind.SCREEN, 15)], True, CHANGED),
        ([ATTACK], True, DEFACED),
        ([ATTACK, OUTAGE], True, DEFACED),
        ([signal(Kind.DEFACE_PHRASE, 40)], True, CHANGED),
        ([LOST], True, DEFACED),
        ([LOST, OUTAGE], True, UNREACHABLE),
        ([OUTAGE, signal(Kind.SCREEN, 90)], True, UNREACHABLE),
        ([], False, LEARNING),
        ([signal(Kind.TEXT, 90)], False, LEARNING),
        ([ATTACK], False, DEFACED),
        ([OUTAGE], False, UNREACHABLE),
        ([CERTIFICATE], True, UNREACHABLE),
        ([CERTIFICATE], False, UNREACHABLE),
        ([CERTIFICATE, signal(Kind.TEXT, 29)], True, UNREACHABLE),
        ([CERTIFICATE, signal(Kind.SCREEN, 32)], True, CHANGED),
        ([CERTIFICATE, signal(Kind.SCREEN, 32)], False, UNREACHABLE),
        ([CERTIFICATE, LOST], True, DEFACED),
        ([CERTIFICATE, LOST, OUTAGE], True, UNREACHABLE),
        ([ODD_STATUS], True, UNREACHABLE),
        ([ODD_STATUS, LOST], True, DEFACED),
        ([ODD_STATUS, LOST, OUTAGE], True, UNREACHABLE),
        ([signal(Kind.NOT_SHOWN, 0), LOST], True, DEFACED),
        ([signal(Kind.NOT_SHOWN, 0), signal(Kind.TEXT, 10)], True, UNREACHABLE),
        ([PARKED, LOST], True, CHANGED),
        ([PARKED, LOST, ATTACK], True, DEFACED),
        ([PARKED, OUTAGE], True, UNREACHABLE),
        ([PARKED], False, LEARNING),
    ],
)
def test_points_add_up_and_evidence_outranks_everything(
    signals: list[Signal], has_baseline: bool, expected: VerdictKind
) -> None:
    verdict = judge(signals, has_baseline=has_baseline)
    assert verdict.kind is expected
    assert verdict.score == sum(s.points for s in signals)


def test_every_kind_of_signal_has_a_role() -> None:
    assert set(KINDS) == set(Kind)
    assert {k.role for k in KINDS.values()} == set(Role)


def test_a_muted_difference_weighs_nothing_and_says_so() -> None:
    quiet = muted([ATTACK, LOST], [ATTACK.identity])
    assert [s.kind for s in quiet] == [Kind.MUTED, Kind.IDENTITY_LOST]
    assert judge(quiet[:1]).kind is CLEAN


def test_a_mute_covers_a_near_sketch_and_nothing_further_away() -> None:
    seen = Signal(Kind.SCREEN, 40, "screen~00000000000000ff")
    assert muted([seen], ["screen~00000000000000fe"])[0].kind is Kind.MUTED
    assert muted([seen], ["screen~ffffffffffffff00"])[0] is seen
    assert muted([seen], ["text~00000000000000ff"])[0] is seen


@pytest.mark.parametrize(
    ("kinds", "again"),
    [
        ([CLEAN], False),
        ([UNREACHABLE], False),
        ([LEARNING], False),
        ([CHANGED], True),
        ([DEFACED], True),
        ([DEFACED, CLEAN], False),
        ([DEFACED, DEFACED], False),
        ([CHANGED, CHANGED], False),
        ([CHANGED, DEFACED], False),
        ([CHANGED, CLEAN], True),
        ([CHANGED, UNREACHABLE], True),
        ([CHANGED, CLEAN, CHANGED], False),
    ],
)
def test_a_bad_look_is_looked_at_again_and_a_weak_disagreement_once_more(
    kinds: list[VerdictKind], again: bool
) -> None:
    assert needs_another_look(kinds) is again


@pytest.mark.parametrize(
    ("kinds", "wavers", "expected", "intermittent", "wavered"),
    [
        ([CLEAN], 0, CLEAN, False, False),
        ([DEFACED, DEFACED], 0, DEFACED, False, False),
        ([DEFACED, CLEAN], 0, DEFACED, True, False),
        ([DEFACED, UNREACHABLE], 0, DEFACED, True, False),
        ([DEFACED, CHANGED], 0, DEFACED, True, False),
        ([CHANGED, DEFACED], 0, DEFACED, False, False),
        ([CHANGED, CHANGED], 0, CHANGED, False, False),
        ([CHANGED, CLEAN, CHANGED], 0, CHANGED, True, False),
        ([CHANGED, CLEAN, DEFACED], 0, DEFACED, True, False),
        ([CHANGED, CLEAN, CLEAN], 0, CLEAN, False, True),
        ([CHANGED, CLEAN, CLEAN], 1, CHANGED, True, True),
        ([CHANGED, UNREACHABLE, UNREACHABLE], 0, UNREACHABLE, False, True),
        ([UNREACHABLE], 0, UNREACHABLE, False, False),
    ],
)
def test_looks_that_disagree_are_settled(
    kinds: list[VerdictKind], wavers: int, expected: VerdictKind, intermittent: bool, wavered: bool
) -> None:
    settled = settle([Verdict(kind) for kind in kinds], wavers=wavers)
    assert (settled.kind, settled.intermittent, settled.wavered) == (expected, intermittent, wavered)


FAILED = [
    Verdict(UNREACHABLE, signals=(signal(Kind.NOT_SHOWN, 0),)),
    Verdict(CLEAN, signals=(signal(Kind.BROWSER_FAILED, 0),)),
]


@pytest.mark.parametrize("failed", FAILED, ids=["not-shown", "browser-failed"])
def test_a_look_of_a_browser_that_failed_disagrees_with_nobody(failed: Verdict) -> None:
    attacked, changed = Verdict(DEFACED), Verdict(CHANGED)
    assert settle([attacked, failed]) == attacked
    assert settle([changed, failed, failed]) == changed
    assert settle([changed, failed, Verdict(CLEAN)]).wavered
    assert settle([failed]) == failed


def test_what_was_served_to_a_browser_that_failed_counts() -> None:
    shown = replace(Verdict(DEFACED), signals=(LOST, signal(Kind.NOT_SHOWN, 0)))
    assert settle([Verdict(CLEAN), shown]).intermittent
    assert not shown.says_nothing


@pytest.mark.parametrize("kind", list(VerdictKind))
def test_blindness_turns_an_outage_into_unknown_and_nothing_else(kind: VerdictKind) -> None:
    assert blinded(Verdict(kind)).kind is (UNKNOWN if kind is UNREACHABLE else kind)


def test_failures_in_a_row_are_counted_and_any_other_verdict_ends_the_row() -> None:
    streak = Streak().after(UNREACHABLE, Tier.PROBE).after(UNREACHABLE, Tier.PROBE)
    assert streak.failures == 2
    assert streak.after(UNKNOWN, Tier.PROBE).failures == 2
    assert streak.after(CLEAN, Tier.PROBE).failures == 0


def test_a_probe_cannot_end_a_row_of_failures_that_only_the_browser_sees() -> None:
    streak = Streak().after(UNREACHABLE, Tier.RENDER).after(CLEAN, Tier.PROBE)
    assert streak.failures == 1
    assert streak.after(CLEAN, Tier.RENDER).failures == 0


def test_only_salient_signals_name_what_a_verdict_is_about() -> None:
    verdict = judge([ATTACK, signal(Kind.TEXT, 9)])
    assert verdict.differences == {ATTACK.identity}


def test_a_verdict_of_many_small_differences_is_about_all_of_them_and_can_be_muted() -> None:
    small = [
        Signal(kind, 9, f"{kind}:x") for kind in (Kind.TEXT, Kind.COLOUR, Kind.LINK_HOSTS, Kind.STRUCTURE)
    ]
    verdict = judge([*small, signal(Kind.TRUNCATED, 0)])
    assert verdict.kind is CHANGED
    assert verdict.differences == {s.identity for s in small}
    assert judge(muted(small, verdict.differences)).kind is CLEAN


def test_a_verdict_that_wakes_nobody_is_about_nothing_small() -> None:
    assert judge([signal(Kind.TEXT, 9)]).differences == frozenset()
