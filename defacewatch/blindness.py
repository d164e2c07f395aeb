"""Telling that the monitor itself is blind, and that it sees again: once each."""

from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog

from defacewatch.alerts import AlertKind, Draft
from defacewatch.portals import Urgency
from defacewatch.store import Store

log = structlog.get_logger(__name__)

BLIND_AFTER = 2  # rounds in a row without an answer: one may be a hiccup


class Blindness:
    """Asks whether we are online and raises one alert when that changes.

    What was told last is read from the alerts themselves, so a restart neither repeats nor forgets it; only
    the rounds without an answer are counted anew.
    """

    def __init__(
        self, store: Store, online: Callable[[], Awaitable[bool]], clock: Callable[[], datetime]
    ) -> None:
        self.store, self.online, self.clock = store, online, clock
        self.unanswered = 0

    async def watch(self) -> bool:
        """One turn; True when an alert was raised."""
        online = await self.online()
        self.unanswered = 0 if online else self.unanswered + 1
        told = await self.store.alerts.last((AlertKind.BLIND, AlertKind.SIGHTED))
        blind = told is not None and told.kind is AlertKind.BLIND
        if online is not blind or 0 < self.unanswered < BLIND_AFTER:
            return False
        kind, urgency = (AlertKind.SIGHTED, Urgency.NORMAL) if online else (AlertKind.BLIND, Urgency.HIGH)
        log.warning("connectivity changed", online=online)
        await self.store.alerts.raise_(Draft(kind, urgency), now=self.clock())
        return True
