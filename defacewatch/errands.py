"""What is done when a page is due: a probe, asking for what it is made of, a capture; and what came of it."""

from collections.abc import Awaitable, Callable, Collection

import structlog

from defacewatch import metrics
from defacewatch.agenda import Errand
from defacewatch.captures import Material, Tier
from defacewatch.check import Result
from defacewatch.errors import DefacewatchError, NotFound, Postponed
from defacewatch.eyes import Eyes
from defacewatch.gauges import Gauges
from defacewatch.schedule import Schedule
from defacewatch.verdicts import VerdictKind

log = structlog.get_logger(__name__)


class Errands:
    """Runs the schedule's errands and counts what they find.

    `alerted` is called when alerts were recorded.
    """

    def __init__(
        self, eyes: Eyes, schedule: Schedule, gauges: Gauges, *, alerted: Callable[[], None]
    ) -> None:
        self.eyes, self.schedule, self.gauges, self.alerted = eyes, schedule, gauges, alerted
        self.browser_failures = 0  # in a row
        self.store_trouble: dict[str, str] = {}  # pages whose last check could not be recorded, and why
        self.changed: dict[str, tuple[Material, ...]] = {}  # of what pages are made of; not captured since

    async def run(self, page_id: str, errand: Errand) -> None:
        """One errand that is due. Raises what kept it from being done, and Postponed."""
        checker = self.eyes.checker
        if errand is Errand.PROBE:
            waited = page_id in self.schedule.reading
            await self._check(page_id, checker.probe_page(page_id, waited=waited))
        elif errand is Errand.RENDER:
            await self._capture(page_id)
        elif page_id in checker.clean:  # of any other it is not known what it should be made of
            await self._revalidate(page_id)

    def forget(self, planned: Collection[str]) -> None:
        """Keep nothing of pages that are no longer watched."""
        for known in (self.store_trouble, self.changed):
            for page_id in known.keys() - planned:
                del known[page_id]

    async def _revalidate(self, page_id: str) -> None:
        found = await self.eyes.revalidation.ask(page_id)
        metrics.REVALIDATIONS.labels(found.word).inc()
        if not found.changed or page_id not in self.schedule.planned:
            return
        for thing in found.changed:
            log.info("what a page is made of has changed", page=page_id, url=thing.url, kind=thing.kind)
        # not here and now: one script that many portals share would have them all wait for the browser,
        # each with its turn taken and no probe made
        things = {thing.url: thing for thing in (*self.changed.get(page_id, ()), *found.changed)}
        self.changed[page_id] = tuple(things.values())
        self.schedule.hurry(page_id)

    async def _capture(self, page_id: str) -> None:
        changed = self.changed.get(page_id, ())
        starved = page_id in self.schedule.starved
        checking = self.eyes.checker.check_page(page_id, render=True, changed=changed, starved=starved)
        await self._check(page_id, checking)
        if changed and self.changed.get(page_id) is changed:  # else more has changed meanwhile
            del self.changed[page_id]

    async def _check(self, page_id: str, checking: Awaitable[Result | None]) -> None:
        """One scheduled check; what goes wrong here is ours, never the page's."""
        try:
            result = await checking
        except Postponed:
            raise
        except NotFound:
            log.info("page is gone", page=page_id)
            self.store_trouble.pop(page_id, None)
            return
        except DefacewatchError as error:
            self.store_trouble[page_id] = str(error)
            raise
        except Exception as error:
            self.store_trouble[page_id] = f"{type(error).__name__}: {error}"
            raise
        self.store_trouble.pop(page_id, None)
        metrics.PROBES.labels("still" if result is None else "looked").inc()
        if result is None:
            self.gauges.count(probes=1)
            return
        self._count(page_id, result)

    def _count(self, page_id: str, result: Result) -> None:
        outcome = result.outcome
        self.gauges.count(probes=outcome.looks - outcome.captures, captures=outcome.captures)
        if outcome.browser_failed:
            self.browser_failures += 1
        elif outcome.tier is Tier.RENDER:
            self.browser_failures = 0
            metrics.CAPTURES.inc(outcome.captures)
        if page_id in self.schedule.planned:  # it may have left while it was looked at
            self._note(page_id, result)
        metrics.CHECKS.labels(outcome.tier, outcome.verdict.kind).inc()
        metrics.CHECK_SECONDS.labels(outcome.tier).observe(outcome.elapsed)
        for alert in outcome.alerts:
            metrics.ALERTS.labels(alert.kind).inc()
            log.warning("alert", page=page_id, kind=alert.kind, incident=result.recorded.incident)
        if outcome.alerts:
            self.alerted()

    def _note(self, page_id: str, result: Result) -> None:
        """What the schedule has to know of a page."""
        outcome = result.outcome
        if outcome.verdict.kind is VerdictKind.UNREACHABLE:
            self.schedule.failing.add(page_id)
        else:
            self.schedule.failing.discard(page_id)
        if outcome.tier is Tier.RENDER and not outcome.browser_failed:
            self.schedule.captured[page_id] = outcome.at
