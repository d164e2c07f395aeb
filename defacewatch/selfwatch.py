"""Telling what is wrong with the watch itself, and that it is well again: once each."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

import structlog

from defacewatch.alerts import AlertKind, Draft
from defacewatch.portals import Urgency
from defacewatch.store import Store

log = structlog.get_logger(__name__)

AFTER = 2  # rounds in a row that are not well: one may be a hiccup


class SelfWatch:
    """Asks whether all is well and raises one alert when that changes: `ill` when it is not for the second
    time in a row, `well` when it is again, `again` times in a row. An answer of None is neither, and ends
    either row. `facts` are what the alert tells of it.

    What was told last is read from the alerts themselves, so a restart neither repeats nor forgets it; only
    the rounds are counted anew.
    """

    def __init__(
        self,
        store: Store,
        asked: Callable[[], Awaitable[bool | None]],
        clock: Callable[[], datetime],
        *,
        ill: AlertKind,
        well: AlertKind,
        again: int = 1,
        facts: Callable[[], Mapping[str, object]] = dict,
    ) -> None:
        self.store, self.asked, self.clock = store, asked, clock
        self.ill, self.well, self.again, self.facts = ill, well, again, facts
        self.answer: bool | None = None
        self.rounds = 0  # in a row with this answer

    async def watch(self) -> bool:
        """One turn; True when an alert was raised."""
        answer = await self.asked()
        self.rounds = self.rounds + 1 if answer is self.answer else 1
        self.answer = answer
        told = await self.store.alerts.last((self.ill, self.well))
        is_told = told is not None and told.kind is self.ill
        if answer is not is_told or self.rounds < (self.again if answer else AFTER):
            return False
        kind, urgency = (self.well, Urgency.NORMAL) if answer else (self.ill, Urgency.HIGH)
        log.warning("the watch itself", state=kind.value)
        await self.store.alerts.raise_(Draft(kind, urgency, self.facts()), now=self.clock())
        return True
