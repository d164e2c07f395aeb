"""What the daemon measures of itself: for the metrics, and for `doctor` to foretell what a schedule costs."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime

from defacewatch import metrics
from defacewatch.agenda import Errand
from defacewatch.alerts import DeliveryState
from defacewatch.costs import Meter
from defacewatch.eyes import Eyes
from defacewatch.incidents import State
from defacewatch.schedule import Schedule
from defacewatch.store import Store
from defacewatch.tally import Tally
from defacewatch.usage import DAEMON, give_back, measured
from defacewatch.verdicts import VerdictKind

QUANTILES = (0.5, 0.99, 1.0)


class Gauges:
    """Sets the gauges; see `metrics` for what each means."""

    def __init__(
        self, store: Store, eyes: Eyes, schedule: Schedule, *, clock: Callable[[], datetime]
    ) -> None:
        self.store, self.eyes, self.schedule, self.clock = store, eyes, schedule, clock
        self.meter = Meter()
        self.tally = Tally(store)
        self.captures = 0  # captures that checks made, all looks counted
        self.probes = 0

    def count(self, *, probes: int = 0, captures: int = 0) -> None:
        """Note what checks did, for the meter."""
        self.probes += probes
        self.captures += captures

    async def measure(self) -> None:
        """The gauges: how pages stand, what is unresolved, what waits to be sent, what was seen in time."""
        now, schedule = self.clock(), self.schedule
        states = await self.store.checks.standing()
        verdicts = Counter(state.verdict for state in states)
        for verdict in VerdictKind:
            metrics.PAGES.labels(verdict).set(verdicts[verdict])
        unresolved = Counter(state.incident for state in states)
        for kind in (State.OPEN, State.ACKNOWLEDGED):
            metrics.INCIDENTS.labels(kind).set(unresolved[kind])
        metrics.COVERAGE.set(schedule.covered())
        metrics.MISSED.set(schedule.coverage.missed)
        metrics.CAPTURES_WAITING.set(self.eyes.browser.waiting)
        metrics.DOCUMENTS_WAITING.set(self.eyes.workers.waiting)
        metrics.MATERIALS.set(self.eyes.revalidation.asked)
        for errand in Errand:
            metrics.WAITING.labels(errand).set(schedule.overdue(errand))
            metrics.LATE.labels(errand).set(schedule.lateness(errand))
        backlog = await self.store.alerts.backlog(now)
        waiting = (DeliveryState.PENDING, DeliveryState.SENDING)
        metrics.OUTBOX_PENDING.set(sum(n for (_, state), n in backlog.deliveries.items() if state in waiting))
        metrics.OUTBOX_OLDEST.set(backlog.oldest.total_seconds() if backlog.oldest else 0)
        await self.tally.count()
        self._ages([(now - captured).total_seconds() for captured in schedule.captured.values()])

    async def use(self) -> None:
        """What all of it costs; kept in the store, where `doctor` finds it."""
        await asyncio.to_thread(give_back)
        used = await asyncio.to_thread(measured)
        for part, seconds in used.cpu.items():
            metrics.CPU.labels(part).set(seconds)
        metrics.MEMORY.set(used.memory)
        for part, size in asdict(await self.store.sizes()).items():
            metrics.STORE.labels(part).set(size)
        for part, free in (await self.store.free()).items():
            metrics.FREE.labels(part).set(free)
        own = used.cpu[DAEMON]
        self.meter.note(
            daemon=own, others=sum(used.cpu.values()) - own, probes=self.probes, captures=self.captures
        )
        captured = self.schedule.captured.values()
        await self.store.figures.keep(
            self.clock(),
            coverage=self.schedule.covered(),
            oldest_capture=min(captured, default=None),
            revalidation_late=self.schedule.lateness(Errand.REVALIDATE),
            costs=self.meter.costs,
        )

    def _ages(self, seconds: Sequence[float]) -> None:
        ages = sorted(seconds)
        for quantile in QUANTILES:
            place = min(len(ages) - 1, int(quantile * len(ages)))
            metrics.CAPTURE_AGE.labels(f"{quantile:g}").set(ages[place] if ages else 0)
