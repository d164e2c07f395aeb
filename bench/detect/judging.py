"""What is said of one look: extracted, compared and judged as a check does it, with the time that took."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from defacewatch.baselines import ApprovedLook, Baseline
from defacewatch.captures import Look
from defacewatch.compare import compare, extract
from defacewatch.features import Features
from defacewatch.looks import nothing_came, unreadable
from defacewatch.profiles import Profile, teach
from defacewatch.verdicts import BAD, Verdict, VerdictKind, judge, settle
from defacewatch.workers import TooMuch


@dataclass(frozen=True)
class State:
    """What the store knows of a page: its baseline and its profile."""

    baseline: Baseline
    profile: Profile

    def approved(self, features: Features) -> "State":
        """After an officer approved a new look in place of the old ones. The profile stays as it was, as
        `store.baselines.approve` leaves it."""
        version = self.baseline.version + 1
        looks = (ApprovedLook(f"bench-{version}", features),)
        return replace(self, baseline=Baseline(self.baseline.page, version, looks))

    def taught(self, features: Features) -> "State":
        """After a clean capture, as `looks.taught_profile` does it."""
        return replace(self, profile=teach(self.profile, self.baseline, features))


@dataclass(frozen=True)
class Read:
    """A look and its features; None where it brought no page. Seconds of CPU time in `extracting`."""

    look: Look
    features: Features | None
    extracting: float = 0.0

    @property
    def as_probe(self) -> "Read":
        """What the probe alone brought."""
        if self.look.rendering is None or self.features is None:
            return replace(self, look=Look(self.look.probe))
        alone = replace(self.features, shown=None, screen=None, icon=None)
        return Read(Look(self.look.probe), alone)


@dataclass(frozen=True)
class Said:
    """The verdict of one check; `probe` is that of its probe alone, both with seconds of CPU time."""

    verdict: Verdict
    probe: Verdict
    capturing: float | None = None
    probing: float = 0.0
    read: Read | None = field(default=None, repr=False)


def read(look: Look) -> Read:
    """`look` with its features, as the checker's `_seen` makes them."""
    if nothing_came(look):
        return Read(look, None)
    began = time.process_time()
    try:
        features = extract(look)
    except (TooMuch, MemoryError, RecursionError) as error:
        return Read(unreadable(look, TooMuch(str(error))), None)
    return Read(look, features, time.process_time() - began)


def verdict_of(state: State | None, seen: Read) -> tuple[Verdict, float]:
    """The verdict on one look, and the seconds of CPU time that comparing and judging took."""
    began = time.process_time()
    if state is None:
        profile = Profile(seen.look.probe.url)
        verdict = judge(compare(None, profile, seen.look, seen.features), has_baseline=False)
    else:
        signals = compare(state.baseline, state.profile, seen.look, seen.features)
        verdict = judge(signals)
    return verdict, time.process_time() - began


def check(state: State, seen: Read) -> Said:
    """What checks of a page that stays as it is come to.

    The probe alone is judged as well: a page of which its every probe is bad and its every capture clean is
    told all the same, once two checks within 24 hours have disagreed so (`verdicts.settle`).
    """
    probe, probing = verdict_of(state, seen.as_probe)
    if seen.look.rendering is None:
        return Said(probe, probe, None, probing, seen)
    shown, capturing = verdict_of(state, seen)
    looks = [shown] if shown.kind in BAD or probe.kind not in BAD else [probe, shown, shown]
    if len(looks) > 1 and probe.kind is VerdictKind.DEFACED:
        looks = looks[:2]
    return Said(settle(looks, wavers=1), probe, capturing, probing, seen)


def worst(said: Sequence[Said]) -> Said:
    """The worst of several checks; the earliest of those that are equal."""
    order = (VerdictKind.DEFACED, VerdictKind.CHANGED, VerdictKind.UNREACHABLE, VerdictKind.CLEAN)
    return min(said, key=lambda one: (order.index(one.verdict.kind), -one.verdict.score))
