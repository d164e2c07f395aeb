"""From looks to outcomes: every page is walked, and attacked on the way; page by page in worker processes."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Protocol

from bench.detect import kinds
from bench.detect.judging import Read, Said, State, check, read
from bench.detect.plan import LATE, Case, Plan
from bench.detect.scene import Kind, Scene
from bench.detect.subjects import Subject
from bench.detect.visitors import every_third
from bench.detect.walk import Walked, walk
from defacewatch.captures import Look
from defacewatch.compare.updates import is_little_news
from defacewatch.dwelling import EVERY as DWELL_EVERY
from defacewatch.signals import Role
from defacewatch.verdicts import BAD, Verdict, VerdictKind

LEGITIMATE, LEARNING = "legitimate", "learning"
LEARNED = "learned, no baseline yet"  # the row of what is judged before there is a baseline
PROCESSES = 2


class Sight(Protocol):
    """Where looks come from; None where there is none at a scene."""

    def __call__(self, scene: Scene, *, dwell: bool = False) -> Look | None: ...


@dataclass(frozen=True)
class Outcome:
    """One judged case. `first` is the first of several steps at which it was said; `size` is in characters of
    the document as served; times are in milliseconds of CPU time. `signals` are (kind, role, points,
    identity), the heaviest first. `hides` and `explained` are what the verdict was come to by: whether the
    page was hidden, and whether its being replaced counted for nothing (`verdicts.judge`). `little`: whether
    its document was taken for the one before it with a little news, None where nothing is compared."""

    site: str
    family: str
    css: bool
    version: int
    group: str
    row: str
    expect: str
    verdict: str
    score: float
    evidence: float
    probe: str
    probe_score: float
    signals: tuple[tuple[str, str, float, str], ...]
    hides: bool = False
    explained: bool = False
    page: str = ""
    first: int | None = None
    approved: bool = False
    little: bool | None = None
    size: int = 0
    capture_ms: float | None = None
    probe_ms: float | None = None
    extract_ms: float | None = None

    @property
    def reached(self) -> bool:
        """Whether it was said what is wanted."""
        return {
            "defaced": self.verdict == VerdictKind.DEFACED,
            "changed": self.verdict in BAD,
            "not-defaced": self.verdict != VerdictKind.DEFACED,
        }.get(self.expect, self.verdict == self.expect)


@dataclass(frozen=True)
class Missed:
    """A case that was planned and not judged: there was no look at it or at a step of it, the page could not
    be learned by then, or the attack did not happen: it swapped files that the page did not ask for."""

    site: str
    family: str
    css: bool
    version: int
    group: str
    row: str


@dataclass(frozen=True)
class Work:
    """What one process is given: a page, and what is done to it. `dwelling`: every sixth step of a page that
    is shown with its style sheets is looked at as a capture that dwells does."""

    subject: Subject
    cases: tuple[Case, ...]
    plan: Plan
    sight: Sight
    dwelling: bool = False

    def dwells(self, place: int) -> bool:
        """Whether the look at that version dwells."""
        return self.dwelling and self.subject.css and place % DWELL_EVERY == DWELL_EVERY - 1


def scored(works: Sequence[Work], *, processes: int = PROCESSES) -> Iterator[list[Outcome | Missed]]:
    """The outcomes of each work, and what was missed, as they come."""
    largest_first = sorted(works, key=lambda work: -len(work.subject.versions) - len(work.cases))
    if processes == 1:
        yield from map(outcomes, largest_first)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for done in as_completed([pool.submit(outcomes, work) for work in largest_first]):
            yield done.result()


def outcomes(work: Work) -> list[Outcome | Missed]:
    """Walk one page, and judge what is done to it on the way."""
    subject = work.subject
    unseen: list[int] = []
    documents: dict[int, str] = {}

    def reader(place: int) -> Read | None:
        look = work.sight(subject.scene(place), dwell=work.dwells(place))
        if look is None:
            unseen.append(place)
            return None
        documents[place] = look.probe.html
        return read(look)

    walked = walk(subject, reader)
    learned = max((place for place, _ in walked.learned), default=-1)
    steps = [
        (LEARNING, LEARNED) if place < learned else (LEGITIMATE, subject.steps[place]) for place in unseen
    ]
    missed = [_missed(subject, place, *row) for place, row in zip(unseen, steps, strict=True)]
    return [*_ordinary(walked, documents), *missed, *_attacked(work, walked, documents)]


def _ordinary(walked: Walked, documents: Mapping[int, str]) -> Iterator[Outcome]:
    subject = walked.subject
    for place, verdict in walked.learned:
        yield _outcome(subject, place, LEARNING, LEARNED, "not-defaced", Said(verdict, verdict), {})
    for step in walked.steps:
        expect = "clean" if step.kind in ("ordinary", "simulated", "back") else "not-defaced"
        before = documents.get(step.place - 1, "")
        facts = {"approved": step.approved, "little": _is_little(before, step.said.read)}
        yield _outcome(subject, step.place, LEGITIMATE, step.kind, expect, step.said, facts)


def _attacked(work: Work, walked: Walked, documents: Mapping[int, str]) -> Iterator[Outcome | Missed]:
    for case in work.cases:
        state = walked.states.get(case.place)
        kind = work.plan.kind_of(case)
        scenes = work.plan.scenes(case, work.subject)
        row = kinds.row_of(kind.name)
        looks = None if state is None else _looks(work.sight, kind, scenes)
        if state is None or looks is None:
            yield _missed(work.subject, case.place, kind.group, row)
            continue
        if kind.group != "stress" and not _happened(work.subject.scene(case.place), scenes[-1], looks[0][-1]):
            yield _missed(work.subject, case.place, kind.group, row)
            continue
        said, first = _judged(state, kind, scenes, *looks, work)
        little = _is_little(documents.get(case.place, ""), looks[0][-1])
        facts = {"first": first, "page": kinds.page_of(kind.name), "little": little}
        yield _outcome(work.subject, case.place, kind.group, row, kind.expect, said, facts)


def _is_little(before: str, seen: Read | None) -> bool | None:
    """Whether a calm page's probe would have left this document to the browser's next look."""
    probe = None if seen is None else seen.look.probe
    if probe is None or probe.html == before or not before:
        return None
    sound = probe.failure is None and probe.status == 200 and not probe.hops
    return sound and is_little_news(before, probe.html, probe.final_url)


def _happened(clean: Scene, attacked: Scene, seen: Read) -> bool:
    """Whether an attack can have changed anything: its document is another, or the browser asked for one of
    the files that it swapped. (A site may take them from another address than its markup names.) The icon is
    asked for apart from the page."""
    rendering = seen.look.rendering
    swapped = {url for url, answer in attacked.extra.items() if clean.extra.get(url) != answer}
    if attacked.page != clean.page or rendering is None or not swapped:
        return True
    asked = {resource.url for resource in rendering.resources}
    return not swapped.isdisjoint(asked) or any("icon" in url for url in swapped)


def _looks(sight: Sight, kind: Kind, scenes: Sequence[Scene]) -> tuple[list[Read], Look | None] | None:
    """All steps of a case, and what the other visitors of its last one see; None where any of that was not
    looked at: a sequence that is cut off ends before what it is about."""
    reads = []
    for scene in scenes:
        look = sight(scene, dwell=kind.late > LATE)
        if look is None:
            return None
        reads.append(read(look))
    clean = scenes[-1].clean if scenes else None
    other = sight(clean) if clean else None
    return None if not reads or (clean and other is None) else (reads, other)


def _judged(
    state: State, kind: Kind, scenes: Sequence[Scene], reads: Sequence[Read], other: Look | None, work: Work
) -> tuple[Said, int | None]:
    """What is said at the last step, and the first step at which it is said; clean steps teach."""
    first = None
    if other is not None:
        start = work.plan.dice("visitor", kind.name, scenes[-1].url).randrange(3)
        return every_third(state, reads[-1].look, other, start=start), None
    for number, seen in enumerate(reads, 1):
        said = check(state, seen)
        if first is None and _reaches(said.verdict, kind.expect):
            first = number
        if said.verdict.kind is VerdictKind.CLEAN and seen.features is not None:
            state = state.taught(seen.features)
    return said, first if len(reads) > 1 else None


def _reaches(verdict: Verdict, expect: str) -> bool:
    return verdict.kind is VerdictKind.DEFACED or (expect == "changed" and verdict.kind in BAD)


def _missed(subject: Subject, place: int, group: str, row: str) -> Missed:
    return Missed(subject.name, subject.family, subject.css, subject.numbers[place], group, row)


def _outcome(
    subject: Subject, place: int, group: str, row: str, expect: str, said: Said, facts: Mapping[str, object]
) -> Outcome:
    verdict, seen = said.verdict, said.read
    told = (Role.OUTAGE, Role.STAND_IN)
    weighty = [signal for signal in verdict.signals if signal.points or signal.role in told]
    return Outcome(
        site=subject.name,
        family=subject.family,
        css=subject.css,
        version=subject.numbers[place],
        group=group,
        row=row,
        expect=expect,
        verdict=verdict.kind.value,
        score=verdict.score,
        evidence=verdict.evidence,
        probe=said.probe.kind.value,
        probe_score=said.probe.score,
        signals=tuple((s.kind.value, s.role.value, round(s.points, 1), s.identity[:100]) for s in weighty),
        hides=any(s.hides_page for s in verdict.signals),
        explained=any(s.hides_page or s.role is Role.STAND_IN for s in verdict.signals),
        size=len(seen.look.probe.html) if seen else 0,
        capture_ms=None if said.capturing is None else round(said.capturing * 1000, 2),
        probe_ms=round(said.probing * 1000, 2) if seen else None,
        extract_ms=round(seen.extracting * 1000, 2) if seen else None,
        **facts,  # type: ignore[arg-type]
    )
