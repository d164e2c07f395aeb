"""Which pages the other monitors are asked about: the ordinary steps and attacks that ours was judged on."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from random import Random

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from bench.detect.events import ORDINARY
from bench.detect.peers import Pair, Peers, Row, Values, asked, compared
from bench.detect.plan import Case
from bench.detect.score import LEGITIMATE, Outcome, Work
from bench.detect.subjects import Subject
from bench.real.corpus import LEARNED
from defacewatch.captures import Look
from defacewatch.verdicts import BAD

STEPS = 300  # ordinary steps that they are asked about, chosen by seed; of each kind of attack
CASES = 6  # so many pages. They take a quarter of a second a page.
OURS = "defacewatch"


def rows(works: Sequence[Work], outcomes: Sequence[Outcome], environment: Path, *, seed: int) -> list[Row]:
    """What each of them said, and what was said here of the very same steps and attacks."""
    with asked(environment) as peers:
        found = compared(_pairs(works, peers, seed))
    steps = [one for one in outcomes if one.group == LEGITIMATE and one.row == ORDINARY]
    attacks = [
        one for one in outcomes if one.group in ("replacement", "partial", "hidden", "injected", "slow")
    ]
    for kind, legitimate, some in (("ordinary steps", True, steps), ("attacks", False, attacks)):
        said = sum(one.verdict in BAD for one in some)
        found.append(Row(OURS, kind, legitimate, len(some), said))
    return found


def show(console: Console, found: Sequence[Row]) -> None:
    """One line a monitor."""
    table = Table(box=SIMPLE, title="beside other monitors")
    for name in ("", "alerts per 100 ordinary steps", "steps", "attacks found, %", "attacks"):
        table.add_column(name, justify="right" if name else "left")
    for peer in dict.fromkeys(row.peer for row in found):
        cells = []
        for legitimate in (True, False):
            some = [row for row in found if row.peer == peer and row.legitimate is legitimate]
            pairs, said = sum(row.pairs for row in some), sum(row.said for row in some)
            cells += [f"{100 * said / pairs:.1f}" if pairs else "–", str(pairs)]
        table.add_row(peer, *cells)
    console.print(table)


def _pairs(works: Sequence[Work], peers: Peers, seed: int) -> Iterator[Pair]:
    dice = Random(f"{seed}:peers")
    steps = [(work, place) for work in works for place in _ordinary(work.subject)]
    chosen = dice.sample(steps, min(STEPS, len(steps)))
    for work in works:
        valued = _valued(work, peers)
        for place in sorted(place for one, place in chosen if one is work):
            before, after = valued(place - 1), valued(place)
            if before and after:
                yield Pair("ordinary steps", True, work.subject.name, before, after)
    cases: dict[str, list[tuple[Work, Case]]] = {}
    for work in works:
        for case in work.cases:
            cases.setdefault(work.plan.kind_of(case).group + case.kind.partition("#")[0], []).append(
                (work, case)
            )
    for _, some in sorted(cases.items()):
        for work, case in dice.sample(some, min(CASES, len(some))):
            yield from _attack(work, case, peers)


def _ordinary(subject: Subject) -> Iterator[int]:
    for place in range(LEARNED, len(subject.versions)):
        if subject.steps[place] == ORDINARY:
            yield place


def _attack(work: Work, case: Case, peers: Peers) -> Iterator[Pair]:
    kind = work.plan.kind_of(case)
    scenes = work.plan.scenes(case, work.subject)
    if kind.group == "stress" or not scenes:
        return
    before = _valued(work, peers)(case.place)
    after = _values(peers, work.sight(scenes[-1]))
    if before and after:
        yield Pair(kind.group, False, work.subject.name, before, after)


def _valued(work: Work, peers: Peers) -> Callable[[int], Values | None]:
    """What they keep of a version; two steps in a row share one."""

    @lru_cache(maxsize=4)
    def valued(place: int) -> Values | None:
        return _values(peers, work.sight(work.subject.scene(place)))

    return valued


def _values(peers: Peers, look: Look | None) -> Values | None:
    if look is None:
        return None
    picture = look.rendering.screenshot if look.rendering is not None else None
    return peers.values(look.probe.html, look.probe.url, picture)
