"""When each page is due: a probe tier and a render tier, spread by a hash, tightened by a raised watch."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from apscheduler.events import EVENT_JOB_MISSED, EVENT_JOB_SUBMITTED, JobEvent, JobSubmissionEvent
from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from defacewatch import metrics
from defacewatch.captures import Tier
from defacewatch.portals import Portal
from defacewatch.roster import RaisedWatch

LONGEST = 360.0  # seconds that a check may take, all its looks and waits included

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Intervals:
    """How often a page is probed, and captured in any case."""

    probe: timedelta
    render: timedelta


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
            planned[page.id] = Intervals(probe, render)
    return planned


def offset(page_id: str, interval: timedelta, tier: Tier) -> timedelta:
    """Where in its interval a page is due: even over the pages, and the same after every restart."""
    digest = hashlib.sha256(f"{tier}:{page_id}".encode()).digest()
    return interval * (int.from_bytes(digest[:8]) / 2**64)


class Schedule:
    """Runs `check(page_id, tier)` for every page when it is due, each page one check at a time."""

    def __init__(
        self,
        check: Callable[[str, Tier], Awaitable[None]],
        *,
        clock: Callable[[], datetime],
        at_once: int = 64,
    ) -> None:
        self.check, self.clock = check, clock
        self.planned: dict[str, Intervals] = {}
        self.busy: dict[str, asyncio.Lock] = {}
        self.slots = asyncio.Semaphore(at_once)
        self.stopping = False
        self.since: dict[str, datetime] = {}  # when a page's jobs were made
        self.running: set[asyncio.Task[None]] = set()
        self.scheduler = AsyncIOScheduler(
            jobstores={"default": MemoryJobStore()},
            executors={"default": AsyncIOExecutor()},
            job_defaults={"coalesce": True, "max_instances": 1},
            timezone="UTC",
        )
        self.scheduler.add_listener(self._missed, EVENT_JOB_MISSED)
        self.scheduler.add_listener(self._submitted, EVENT_JOB_SUBMITTED)

    def start(self) -> None:
        self.scheduler.start()

    def apply(
        self, planned: Mapping[str, Intervals], captured: Mapping[str, datetime | None] | None = None
    ) -> None:
        """Make the jobs what `planned` says; pages whose intervals stay the same keep their times.

        `captured` says when each page was last captured: a restart goes on from there, so that one which
        comes often never puts the round of captures off.
        """
        for page_id in self.planned.keys() - planned.keys():
            for tier in Tier:
                self.scheduler.remove_job(f"{tier}:{page_id}")
            self.busy.pop(page_id, None)
            self.since.pop(page_id, None)
        for page_id, every in planned.items():
            known = self.planned.get(page_id)
            self.since.setdefault(page_id, self.clock())
            if known is None or known.probe != every.probe:
                self._add(page_id, Tier.PROBE, every.probe, None)
            if known is None or known.render != every.render:
                self._add(page_id, Tier.RENDER, every.render, (captured or {}).get(page_id))
        self.planned = dict(planned)

    def _add(self, page_id: str, tier: Tier, interval: timedelta, last: datetime | None) -> None:
        now, spread = self.clock(), offset(page_id, interval, tier)
        start = now + spread
        if last is not None:
            start = min(start, max(now, last + interval) + spread / 20)
        self.scheduler.add_job(
            self._due,
            IntervalTrigger(
                seconds=interval.total_seconds(),
                start_date=start,
                timezone="UTC",
            ),
            args=(page_id, tier),
            id=f"{tier}:{page_id}",
            replace_existing=True,
            misfire_grace_time=max(1, round(interval.total_seconds())),
        )

    async def _due(self, page_id: str, tier: Tier) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.running.add(task)
        lock = self.busy.setdefault(page_id, asyncio.Lock())
        try:
            if tier is Tier.PROBE and lock.locked():
                return  # the look that is on its way is newer than this probe would be
            async with lock, self.slots, asyncio.timeout(LONGEST):
                await self.check(page_id, tier)
        except asyncio.CancelledError:
            if not self.stopping:
                raise
        except Exception:
            log.exception("check failed", page=page_id, tier=tier)
        finally:
            self.running.discard(task)

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

    def _missed(self, event: JobEvent) -> None:
        log.warning("check missed", job=event.job_id, due=event.scheduled_run_time.isoformat())

    def _submitted(self, event: JobSubmissionEvent) -> None:
        late = (self.clock() - event.scheduled_run_times[0]).total_seconds()
        metrics.PROBE_LATENESS.observe(max(0.0, late))
