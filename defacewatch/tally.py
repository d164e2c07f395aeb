"""Counts what is done about incidents, once each, whoever did it: the bot, a link, the console, a command."""

from datetime import timedelta

from defacewatch import metrics
from defacewatch.incidents import Event, Resolution
from defacewatch.store import Store
from defacewatch.store.duty import OVERLAP, Done


class Tally:
    """Follows the events of incidents from when it is first asked to."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._last: int | None = None
        self._counted: set[int] = set()  # of those that are read again

    async def count(self) -> None:
        """Observe what was done since the last time."""
        if self._last is None:
            self._last = await self.store.duty.newest()
            self._counted = set(range(self._last - OVERLAP, self._last + 1))
            return
        for done in await self.store.duty.done_since(self._last, self._counted):
            if done.number not in self._counted:  # another turn may have been faster
                self._counted.add(done.number)
                _observe(done)
            self._last = max(self._last, done.number)
        self._counted = {number for number in self._counted if number > self._last - OVERLAP}


def _observe(done: Done) -> None:
    story = done.story
    if story.drill:
        return
    verdict = story.verdict.value
    if done.event is Event.ACKNOWLEDGED:
        span = story.after(story.acknowledged_at) or timedelta(0)
        metrics.TIME_TO_ACKNOWLEDGE.labels(verdict).observe(span.total_seconds())
    elif story.resolved_as is not None:
        metrics.RESOLVED.labels(verdict, story.resolved_as.value).inc()
        if story.resolved_as is Resolution.FALSE_ALARM:
            for officer in story.told:
                metrics.FALSE_ALARMS.labels(officer).inc()
        restored = story.after(story.restored_at)
        if story.resolved_as is Resolution.RESTORED and restored is not None:
            metrics.TIME_TO_RESTORE.labels(verdict).observe(restored.total_seconds())
