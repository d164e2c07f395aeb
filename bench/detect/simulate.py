"""False alarms per site and month, from simulated days at the shipped intervals.

No page of the corpus is known minute by minute. So the demo portal and pages of the mirrored portal live
through some days: articles appear in office hours, visitors are counted every minute, dates move on, the
slider runs. Time is simulated: a probe judges every minute in which the document is another (probes of an
unchanged one repeat their verdict), the browser every half hour. What is said here is simulated.
"""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from random import Random

from rich.console import Console

from bench.detect import made
from bench.detect.events import SIMULATED
from bench.detect.judging import State, check, read
from bench.detect.plan import Plan
from bench.detect.scene import Answer, Scene
from bench.detect.score import PROCESSES, Sight, Work
from bench.detect.served import probed
from bench.detect.subjects import Subject
from bench.detect.walk import learned
from bench.real.corpus import LEARNED
from defacewatch.verdicts import BAD, VerdictKind

DAY, ROUND = 24 * 60, 30  # minutes
OFFICE = (7 * 60 + 30, 17 * 60 + 30)  # minutes of the day in which editors publish
UPDATES_A_DAY = 6
MONTH = 30  # days


@dataclass(frozen=True)
class Life:
    """A page through the simulated days: `published` are the minutes of its updates, in order."""

    subject: Subject
    published: tuple[int, ...]

    def at(self, minute: int) -> Scene:
        """What is served in a minute."""
        scene = self.subject.scene(sum(one <= minute for one in self.published))
        body = made.counted(scene.page.body, minute)
        return replace(scene, page=replace(scene.page, body=body), extra=_minutely(scene, minute))

    def captured(self, days: int) -> Subject:
        """The page as the rounds of captures find it."""
        scenes = tuple(self.at(minute) for minute in range(0, days * DAY, ROUND))
        count = len(scenes)
        return replace(self.subject, versions=scenes, numbers=tuple(range(count)), steps=(SIMULATED,) * count)


@dataclass(frozen=True)
class Alarms:
    """What was said of one page: false alarms of each kind, and how often it was judged."""

    page: str
    probes: int = 0
    captures: int = 0
    changed: int = 0
    defaced: int = 0
    unreachable: int = 0

    @property
    def told(self) -> int:
        return self.changed + self.defaced + self.unreachable


def lives(plan: Plan, days: int) -> list[Life]:
    """The pages, each with its updates drawn by seed."""
    most = days * UPDATES_A_DAY + 1
    found = made.subjects(plan.corpus, plan.side, updates=most, seed=plan.seed)
    return [Life(one, _published(plan.dice("life", one.name), days)) for one in found[: plan.limit or None]]


def works(every: Sequence[Life], plan: Plan, sight: Sight, days: int) -> list[Work]:
    """What the browser has to look at for it."""
    return [Work(life.captured(days), (), plan, sight) for life in every]


def show(console: Console, every: Sequence[Life], sight: Sight, days: int) -> list[Alarms]:
    """Simulate all pages, and print false alarms per site and month."""
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        found = list(pool.map(lived, every, [sight] * len(every), [days] * len(every)))
    sites = len({life.subject.family for life in every})
    console.print(
        f"simulated: {len(every)} pages of {sites} sites, {days} days, updates and visitors minutes apart"
    )
    for one in found:
        console.print(
            f"  {one.page}: {one.told} told ({one.changed} changed, {one.defaced} defaced, "
            f"{one.unreachable} unreachable) in {one.probes} probes and {one.captures} captures"
        )
    total = sum(one.told for one in found)
    console.print(f"  {told(total, sites=sites, pages=len(found), days=days)}")
    return found


def told(total: int, *, sites: int, pages: int, days: int) -> str:
    """False alarms in a sentence. The rule of three counts sites: pages of one site are not independent."""
    if not total:
        most = 3 / (sites * days) * MONTH
        return (
            f"none; at most {most:.1f} per site and month at 95 % (simulated, rule of three on {sites} sites)"
        )
    monthly, paged = total / (sites * days) * MONTH, total / (pages * days) * MONTH
    return f"{monthly:.2f} false alarms per site and month, {paged:.2f} per page and month (simulated)"


def lived(life: Life, sight: Sight, days: int) -> Alarms:
    """One page through its days; what is told is approved by an officer at once."""
    said = Alarms(life.subject.name)
    state: State | None = None
    samples = []
    before = b""
    for minute in range(days * DAY):
        scene, is_round = life.at(minute), minute % ROUND == 0
        if not is_round and (state is None or scene.page.body == before):
            continue
        before = scene.page.body
        look = sight(scene) if is_round else probed(scene)
        if look is None:
            continue
        seen = read(look)
        if state is None:
            samples.append(seen)
            state = learned(life.subject.name, samples) if len(samples) == LEARNED else None
            continue
        verdict = check(state, seen).verdict
        kind = verdict.kind
        said = replace(
            said,
            probes=said.probes + (not is_round),
            captures=said.captures + is_round,
            changed=said.changed + (kind is VerdictKind.CHANGED),
            defaced=said.defaced + (kind is VerdictKind.DEFACED),
            unreachable=said.unreachable + (kind is VerdictKind.UNREACHABLE),
        )
        if seen.features is None:
            continue
        if kind in BAD:
            full = seen if is_round else read(sight(life.at(minute - minute % ROUND)) or look)
            state = state.approved(full.features or seen.features)
        elif is_round and kind is VerdictKind.CLEAN:
            state = state.taught(seen.features)
    return said


def _published(dice: Random, days: int) -> tuple[int, ...]:
    found = [day * DAY + dice.randrange(*OFFICE) for day in range(days) for _ in range(UPDATES_A_DAY)]
    return tuple(sorted(found))


def _minutely(scene: Scene, minute: int) -> dict[str, Answer]:
    """The demo portal's counter, asked for by script."""
    return {
        url: Answer(made.counter(18_234_911 + 31 * minute), kind=answer.kind)
        if answer.kind == "application/json"
        else answer
        for url, answer in scene.extra.items()
    }
