"""When each page is due: probed, revalidated, captured; spread by a hash, tightened by a raised watch."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from defacewatch import metrics
from defacewatch.agenda import Agenda, Coverage, Due, Errand
from defacewatch.portals import Portal
from defacewatch.roster import RaisedWatch

LONGEST = 900.0  # seconds that a check may take, all its looks and waits included
TICK = 0.1  # seconds between two looks at what has become due
CRITICAL = 2.0  # weight of a critical portal's pages
FAILING = 0.25  # … of captures of a page that does not answer its probes
REVALIDATE_SHARE = 0.75  # of `revalidate_every`; the rest is how old an answer for another page may be

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Intervals:
    """How often a page is probed, asked for what it is made of (None: never), and captured in any case."""

    probe: timedelta
    render: timedelta
    revalidate: timedelta | None = None
    weight: float = 1.0

    def every(self, errand: Errand) -> float | None:
        """Seconds; None: not at all."""
        if errand is Errand.PROBE:
            return self.probe.total_seconds()
        if errand is Errand.RENDER:
            return self.render.total_seconds()
        return None if self.revalidate is None else self.revalidate.total_seconds() * REVALIDATE_SHARE


def fresh_for(revalidate_every: timedelta) -> timedelta:
    """How old an answer for another page may be, so that a change is found within `revalidate_every`."""
    return revalidate_every * (1 - REVALIDATE_SHARE)


def intervals(
    portals: Iterable[Portal], default: Intervals, watch: RaisedWatch | None
) -> dict[str, Intervals]:
    """The intervals of every page that is watched, by page id. A raised watch shortens, never lengthens."""
    planned: dict[str, Intervals] = {}
    for portal in portals:
        if not portal.enabled or portal.paused:
            continue
        for page in portal.pages:
            probe, render = page.probe_every or default.probe, page.render_every or default.render
            if watch is not None:
                probe = min(probe, watch.probe_every or probe)
                render = min(render, watch.render_every or render)
            weight = CRITICAL if portal.critical else default.weight
            revalidate = default.revalidate if default.revalidate and default.revalidate < render else None
            planned[page.id] = Intervals(probe, render, revalidate, weight)
    return planned


def offset(page_id: str, interval: timedelta, errand: str) -> timedelta:
    """Where in its interval a page is due: even over the pages, and the same after every restart."""
    digest = hashlib.sha256(f"{errand}:{page_id}".encode()).digest()
    return interval * (int.from_bytes(digest[:8]) / 2**64)


@dataclass
class Lane:
    """How many errands of a kind are under way. One that takes longer than `patience` seconds waits for
    somebody else's server and counts no longer among `at_once`, only among `most`."""

    at_once: int
    patience: float
    most: int
    active: int = 0
    running: int = 0

    @property
    def free(self) -> bool:
        return self.active < self.at_once and self.running < self.most


def lanes(browsers: int) -> dict[Errand, Lane]:
    return {
        Errand.PROBE: Lane(64, 2.0, 4000),
        Errand.REVALIDATE: Lane(8, 10.0, 200),
        Errand.RENDER: Lane(4 * browsers, 10.0, 16 * browsers),
    }


class Schedule:
    """Runs `run(page_id, errand)` for every page when it is due, each page one check at a time.

    `crowded` says that captures that are more urgent than those of the round wait for the browser: meanwhile
    the round waits on the agenda, where it keeps no page from being probed.
    """

    def __init__(
        self,
        run: Callable[[str, Errand], Awaitable[None]],
        *,
        clock: Callable[[], datetime],
        browsers: int = 2,
        crowded: Callable[[], bool] = lambda: False,
    ) -> None:
        self.run, self.clock, self.crowded = run, clock, crowded
        self.planned: dict[str, Intervals] = {}
        self.agenda, self.coverage = Agenda(), Coverage()
        self.lanes = lanes(browsers)
        self.busy: dict[str, asyncio.Lock] = {}
        self.stopping = False
        self.failing: set[str] = set()  # pages that do not answer; who runs the checks says so
        self.seen: dict[str, float] = {}  # when a page was last looked at, or entered; in seconds of `_now`
        self.captured: dict[str, datetime] = {}  # when each page was last captured, or entered
        self.running: set[asyncio.Task[None]] = set()
        self.scheduler = AsyncIOScheduler(
            jobstores={"default": MemoryJobStore()},
            executors={"default": AsyncIOExecutor()},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone="UTC",
        )

    def start(self) -> None:
        # One job drives all pages: a job each would cost more than most of their probes.
        self.scheduler.add_job(self._tick, IntervalTrigger(seconds=TICK, timezone="UTC"), id="tick")
        self.scheduler.start()

    def apply(
        self, planned: Mapping[str, Intervals], captured: Mapping[str, datetime | None] | None = None
    ) -> None:
        """Make the agenda what `planned` says; errands whose intervals stay the same keep their times.

        `captured` says when each page was last captured: a restart goes on from there, so that one which
        comes often never puts the round of captures off.
        """
        for page_id in self.planned.keys() - planned.keys():
            self.agenda.drop(page_id)
            for known in (self.busy, self.seen, self.captured):
                known.pop(page_id, None)
            self.failing.discard(page_id)
        now, moment = self._now(), self.clock()
        for page_id, wanted in planned.items():
            before = self.planned.get(page_id)
            last = (captured or {}).get(page_id)
            self.seen.setdefault(page_id, now)
            self.captured.setdefault(page_id, last or moment)
            for errand in Errand:
                every = wanted.every(errand)
                if before is not None and before.every(errand) == every and before.weight == wanted.weight:
                    continue
                age = (moment - last).total_seconds() if last and errand is Errand.RENDER else None
                self._enter(page_id, errand, every, wanted.weight, age, now)
        self.planned = dict(planned)

    def soon(self, page_id: str) -> None:
        """Probe a page at the next occasion: somebody has changed what is known of it."""
        due = self.agenda.get(page_id, Errand.PROBE)
        if due is not None:
            self.agenda.put(replace(due, at=min(due.at, self._now())))

    def unseen(self, patience: float) -> list[str]:
        """Pages that have not been looked at for twice their interval and `patience` seconds."""
        now = self._now()
        return [
            page_id
            for page_id, wanted in self.planned.items()
            if now - self.seen[page_id] > 2 * wanted.probe.total_seconds() + patience
        ]

    def covered(self) -> float:
        """The share of probes that were due in the last five minutes and made within their interval."""
        now = self._now()
        overdue = sum(due.missed(now) for due in self.agenda.waiting(Errand.PROBE))
        return self.coverage.ratio(now, overdue=overdue)

    def overdue(self, errand: Errand) -> int:
        """How many errands wait that should have been run."""
        return sum(1 for _ in self.agenda.waiting(errand))

    @asynccontextmanager
    async def turn(self, page_id: str) -> AsyncIterator[None]:
        """Be the only check of a page meanwhile."""
        async with self._lock(page_id):
            yield

    async def stop(self, grace: timedelta) -> None:
        """Start nothing more; finish what is in flight within `grace`, then cancel it."""
        self.stopping = True
        self.scheduler.remove_all_jobs()  # a shutdown would cancel what is in flight
        if self.running:
            _, late = await asyncio.wait(self.running, timeout=grace.total_seconds())
            for task in late:
                task.cancel()
            if late:
                log.warning("checks cut short by the stop", checks=len(late))
                await asyncio.wait(late, timeout=2)
        self.scheduler.shutdown(wait=False)

    def _now(self) -> float:
        return time.monotonic()

    def _enter(
        self, page_id: str, errand: Errand, every: float | None, weight: float, age: float | None, now: float
    ) -> None:
        """Put an errand on the agenda: somewhere in its interval; sooner where its last time is long ago."""
        if every is None:
            return
        spread = offset(page_id, timedelta(seconds=every), errand).total_seconds()
        start = spread if age is None else min(spread, max(0.0, every - age) + spread / 20)
        self.agenda.put(Due(page_id, errand, every, now + start, weight))

    async def _tick(self) -> None:
        self.agenda.advance(self._now())
        for errand in Errand:
            self._fill(errand)

    def _fill(self, errand: Errand) -> None:
        """Start what waits, as far as there is room for it."""
        lane = self.lanes[errand]
        if errand is Errand.RENDER and self.crowded():
            return
        while not self.stopping and lane.free and (due := self.agenda.take(errand)) is not None:
            self._start(due, lane)

    def _start(self, due: Due, lane: Lane) -> None:
        now = self._now()
        if due.errand is Errand.PROBE:
            self.coverage.note(now, seen=1, missed=due.missed(now))
            metrics.PROBE_LATENESS.observe(due.late(now))
            self.seen[due.page] = now
        wanted = self.planned.get(due.page)
        if wanted is None:
            return
        weight = wanted.weight
        if due.errand is not Errand.PROBE and due.page in self.failing:
            weight = FAILING
        if due.errand is Errand.RENDER:
            # the next one is due so long after this one: what was put off is not made up for
            self.agenda.put(replace(due, at=now + due.every, weight=weight))
        else:
            self.agenda.put(replace(due, at=due.next(now), weight=weight))
        if due.errand is Errand.PROBE and self._lock(due.page).locked():
            return  # the look that is on its way is newer than this probe would be
        lane.active += 1
        lane.running += 1
        task = asyncio.create_task(self._run(due, lane))
        self.running.add(task)
        task.add_done_callback(self.running.discard)

    async def _run(self, due: Due, lane: Lane) -> None:
        counted = True

        def out_of_patience() -> None:
            nonlocal counted
            counted = False
            lane.active -= 1
            self._fill(due.errand)

        timer = asyncio.get_running_loop().call_later(lane.patience, out_of_patience)
        try:
            await self._checked(due)
        finally:
            timer.cancel()
            lane.running -= 1
            lane.active -= counted
            self._fill(due.errand)

    async def _checked(self, due: Due) -> None:
        try:
            async with asyncio.timeout(LONGEST):
                if due.errand is Errand.REVALIDATE:
                    await self.run(due.page, due.errand)
                    return
                async with self._lock(due.page):
                    await self.run(due.page, due.errand)
        except asyncio.CancelledError:
            if not self.stopping:
                raise
        except Exception:
            log.exception("check failed", page=due.page, errand=due.errand)

    def _lock(self, page_id: str) -> asyncio.Lock:
        return self.busy.setdefault(page_id, asyncio.Lock())
