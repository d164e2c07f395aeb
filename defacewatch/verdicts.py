"""From signals to a verdict: points add up, evidence outranks status codes, disagreement is settled."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from defacewatch.captures import Tier
from defacewatch.signals import Kind, Role, Signal, same_difference

CHANGED_AT = 30.0  # points of everything that differs
DEFACED_AT = 50.0  # points of evidence of attack
SALIENT_AT = 10.0  # a signal below this is neither news nor worth an incident of its own
MUTED = "muted:"  # before the identity of what a false alarm muted
WAVERS_BEFORE_ALERT = 2  # disagreements within 24 hours, this one included


class VerdictKind(StrEnum):
    CLEAN = "clean"
    CHANGED = "changed"
    DEFACED = "defaced"
    UNREACHABLE = "unreachable"
    LEARNING = "learning"
    UNKNOWN = "unknown"


BAD = frozenset({VerdictKind.CHANGED, VerdictKind.DEFACED})
_FAILED = frozenset({Kind.NOT_SHOWN, Kind.BROWSER_FAILED})  # looks of the browser that brought nothing


@dataclass(frozen=True)
class Verdict:
    """The conclusion of one look, or of a check of several looks.

    `intermittent`: seen, but not by every look. `wavered`: one look disagreed with two clean ones, which
    alone wakes nobody.
    """

    kind: VerdictKind
    score: float = 0.0
    evidence: float = 0.0
    signals: tuple[Signal, ...] = ()
    intermittent: bool = False
    wavered: bool = False

    @property
    def says_nothing(self) -> bool:
        """Whether it is no word on the page: the browser failed, and what was served is no news."""
        return self.kind not in BAD and any(s.kind in _FAILED for s in self.signals)

    @property
    def differences(self) -> frozenset[str]:
        """Identities of the salient signals: what this verdict is about.

        Where many small differences add up to a bad verdict it is about all of them, or there would be
        nothing to mute and nothing to tell it by when it is seen again.
        """
        salient = frozenset(s.identity for s in self.signals if s.points >= SALIENT_AT)
        if salient or self.kind not in BAD:
            return salient
        return frozenset(s.identity for s in self.signals if s.points > 0)


@dataclass(frozen=True)
class Streak:
    """`unreachable` verdicts in a row, and the tier that saw the last of them."""

    failures: int = 0
    tier: Tier = Tier.PROBE

    def after(self, kind: VerdictKind, tier: Tier) -> "Streak":
        """The streak after one more verdict. A probe cannot end a streak that only the browser sees."""
        if kind is VerdictKind.UNREACHABLE:
            return Streak(self.failures + 1, tier)
        if kind is VerdictKind.UNKNOWN or (tier is Tier.PROBE and self.tier is Tier.RENDER):
            return self
        return Streak()


def muted(signals: Iterable[Signal], mutes: Iterable[str]) -> tuple[Signal, ...]:
    """`signals` with those that a false alarm muted turned into notes that say so."""
    quiet = tuple(mutes)
    return tuple(
        Signal(Kind.MUTED, 0.0, f"{MUTED}{s.identity}", {"kind": s.kind.value})
        if s.points > 0 and any(same_difference(s.identity, mute) for mute in quiet)
        else s
        for s in signals
    )


def judge(signals: Sequence[Signal], *, has_baseline: bool = True) -> Verdict:
    """The verdict on one look.

    Evidence of attack comes first, whatever the status code says; then an outage that hides the page; then
    the sum of all differences; then any other outage. That the page is replaced is evidence only where
    neither an outage nor something harmless stands in its place. Without a baseline only evidence that needs
    none can say more than `learning`.
    """
    outage = any(s.role is Role.OUTAGE for s in signals)
    hidden = any(s.hides_page for s in signals)
    explained = hidden or any(s.role is Role.STAND_IN for s in signals)
    counted = {Role.EVIDENCE} if explained else {Role.EVIDENCE, Role.REPLACEMENT}
    evidence = sum(s.points for s in signals if s.role in counted)
    score = sum(s.points for s in signals)
    if evidence >= DEFACED_AT:
        kind = VerdictKind.DEFACED
    elif has_baseline and not hidden and score >= CHANGED_AT:
        kind = VerdictKind.CHANGED
    elif outage:
        kind = VerdictKind.UNREACHABLE
    else:
        kind = VerdictKind.CLEAN if has_baseline else VerdictKind.LEARNING
    return Verdict(kind, round(score, 1), round(evidence, 1), tuple(signals))


def blinded(verdict: Verdict) -> Verdict:
    """`verdict` as it stands while the monitor itself is blind: an outage says nothing, evidence stays."""
    if verdict.kind is VerdictKind.UNREACHABLE:
        return replace(verdict, kind=VerdictKind.UNKNOWN)
    return verdict


def needs_another_look(kinds: Sequence[VerdictKind]) -> bool:
    """Whether the looks so far are not enough to wake somebody or to let it rest."""
    if len(kinds) == 1:
        return kinds[0] in BAD
    return len(kinds) == 2 and kinds[0] is VerdictKind.CHANGED and kinds[1] not in BAD


def settle(looks: Sequence[Verdict], *, wavers: int = 0) -> Verdict:
    """One verdict from the looks of a check, in order; `wavers` counts those of the last 24 hours before it.

    A `defaced` first look that does not repeat stands, as intermittent; a weaker disagreement is decided by
    the third look, and two of them within 24 hours stand too. Looks that say nothing disagree with nobody.
    """
    looks = [look for look in looks if not look.says_nothing] or looks
    first, last = looks[0], looks[-1]
    attacks = [look for look in looks if look.kind is VerdictKind.DEFACED]
    if attacks:
        once = first.kind is VerdictKind.DEFACED and len(looks) > 1 and last.kind is not VerdictKind.DEFACED
        missed = any(look.kind not in BAD for look in looks)
        return replace(attacks[-1], intermittent=once or missed)
    if first.kind is not VerdictKind.CHANGED or len(looks) == 1:
        return last
    if last.kind is VerdictKind.CHANGED:
        return replace(last, intermittent=len(looks) > 2)
    if wavers + 1 >= WAVERS_BEFORE_ALERT:
        return replace(first, intermittent=True, wavered=True)
    return replace(last, wavered=True)
