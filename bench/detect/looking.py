"""All scenes looked at once through the real path; what is in the cache already is left as it is."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from bench.detect.cache import Cache
from bench.detect.plan import LATE, Case
from bench.detect.scene import Scene
from bench.detect.score import Work
from bench.detect.stage import Slot, staged


@dataclass(frozen=True)
class Wanted:
    """What is to be looked at: a version of a page, or a case on it; its scenes are made when needed."""

    work: Work
    what: int | Case

    def scenes(self) -> Iterator[tuple[Scene, bool]]:
        """The scenes, and whether the look at each dwells."""
        subject, plan = self.work.subject, self.work.plan
        if isinstance(self.what, int):
            yield subject.scene(self.what), self.work.dwells(self.what)
            return
        dwell = plan.kind_of(self.what).late > LATE
        for scene in plan.scenes(self.what, subject):
            yield scene, dwell
            if scene.clean is not None:
                yield scene.clean, False


def wanted(works: Sequence[Work]) -> Iterator[Wanted]:
    """Everything that judging these works needs, page by page."""
    for work in works:
        yield from (Wanted(work, place) for place in range(len(work.subject.versions)))
        yield from (Wanted(work, case) for case in work.cases)


async def look(console: Console, works: Sequence[Work], cache: Cache, *, fresh: bool = False) -> int:
    """Look at everything that the cache has not; how many scenes could not be looked at."""
    missing = [
        one for one in wanted(works) if fresh or not all(cache.has(s, dwell=d) for s, d in one.scenes())
    ]
    if not missing:
        return 0
    failed = 0
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
        task = progress.add_task("pages looked at", total=len(missing))
        queue = iter(missing)

        async def work_off(slot: Slot) -> None:
            nonlocal failed
            for one in queue:
                failed += await _taken(slot, one.scenes(), cache, fresh)
                progress.advance(task)
                if not console.is_terminal and progress.tasks[0].completed % 100 == 0:
                    console.print(f"{progress.tasks[0].completed:.0f} of {len(missing)} looked at")

        async with staged() as stage:
            await asyncio.gather(*map(work_off, stage.slots))
    return failed


async def _taken(slot: Slot, scenes: Iterable[tuple[Scene, bool]], cache: Cache, fresh: bool) -> int:
    failed = 0
    for scene, dwell in scenes:
        if fresh or not cache.has(scene, dwell=dwell):
            seen = await slot.look(scene, dwell=dwell)
            if seen is None:
                failed += 1
            else:
                await asyncio.to_thread(cache.put, scene, seen, dwell=dwell)
    return failed
