"""A page's ordinary life: learned from its first versions, approved, then watched version by version."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.detect import events
from bench.detect.judging import Read, Said, State, check, verdict_of
from bench.detect.subjects import Subject
from bench.real.corpus import LEARNED
from defacewatch.baselines import ApprovedLook, Baseline
from defacewatch.profiles import Profile, teach
from defacewatch.verdicts import BAD, Verdict, VerdictKind

# Reads a version of a subject; None where there is no look at it.
Reader = Callable[[int], Read | None]


@dataclass(frozen=True)
class Step:
    """What was said of one version after the learned ones, and whether an officer approved its look."""

    place: int
    kind: str
    said: Said
    approved: bool


@dataclass
class Walked:
    """A walk. `learned` is what was said of the samples, before any baseline; `states` has, by version, what
    an attack on that version is judged against: the state before it, or, where the untouched version was
    taken for bad and approved, the state after that."""

    subject: Subject
    learned: list[tuple[int, Verdict]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    states: dict[int, State] = field(default_factory=dict)


def walk(subject: Subject, reader: Reader) -> Walked:
    """Walk through all versions of `subject`."""
    walked = Walked(subject)
    begun = _learn(walked, reader)
    if begun is None:
        return walked
    first, state = begun
    for place in range(first, len(subject.versions)):
        seen = reader(place)
        if seen is None:
            continue
        before, said = state, check(state, seen)
        state, approved = _after(state, said, subject.steps[place], seen)
        walked.steps.append(Step(place, subject.steps[place], said, approved))
        walked.states[place] = state if approved else before
    return walked


def _learn(walked: Walked, reader: Reader) -> tuple[int, State] | None:
    """As `learn.py`: the last sample becomes the baseline, the others teach its profile; one that already
    shows evidence of attack teaches nothing, and an administrator who looks at it approves it by name."""
    samples: list[tuple[Read, Verdict]] = []
    for place in range(len(walked.subject.versions)):
        seen = reader(place)
        if seen is None:
            continue
        verdict, _ = verdict_of(None, seen)
        walked.learned.append((place, verdict))
        hidden = any(signal.hides_page for signal in verdict.signals)
        # Nobody approves an error page or a bot wall, and learning is done again another day.
        if seen.features is None or hidden or walked.subject.is_out(place):
            continue
        samples.append((seen, verdict))
        if len(samples) == LEARNED:
            return place + 1, _state(walked.subject.name, samples)
    return None


def learned(page: str, reads: Sequence[Read]) -> State:
    """What a page's samples teach, the last of them approved."""
    return _state(page, [(seen, verdict_of(None, seen)[0]) for seen in reads])


def _state(page: str, samples: list[tuple[Read, Verdict]]) -> State:
    attacked = [seen for seen, verdict in samples if verdict.kind is VerdictKind.DEFACED]
    last = attacked[-1] if attacked else samples[-1][0]
    assert last.features is not None
    baseline = Baseline(page, 1, (ApprovedLook("bench-1", last.features),))
    profile = Profile(page)
    if not attacked:
        for seen, _ in samples[:-1]:
            assert seen.features is not None
            profile = teach(profile, baseline, seen.features, learning=True)
    return State(baseline, profile)


def _after(state: State, said: Said, kind: str, seen: Read) -> tuple[State, bool]:
    """What a deployment makes of a check: a clean one teaches, and a new look that is told is approved,
    unless it is an error page or a bot wall."""
    if seen.features is None:
        return state, False
    if said.verdict.kind is VerdictKind.CLEAN:
        return (state if said.verdict.wavered else state.taught(seen.features)), False
    told = said.verdict.kind in BAD or kind not in (events.ORDINARY, events.SIMULATED)
    if kind in events.OUTAGES or not told:
        return state, False
    return state.approved(seen.features), True
