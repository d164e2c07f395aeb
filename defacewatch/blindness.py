"""Telling that the monitor itself is blind, and that it sees again: once each."""

from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog

from defacewatch.alerts import AlertKind, Draft
from defacewatch.portals import Urgency
from defacewatch.store import Store

log = structlog.get_logger(__name__)


class Blindness:
    """Asks whether we are online and raises one alert when that changes.

    What was told last is read from the alerts themselves, so a restart neither repeats nor forgets it.
    """

    def __init__(
        self, store: Store, online: Callable[[], Awaitable[bool]], clock: Callable[[], datetime]
    ) -> None:
        self.store, self.online, self.clock = store, online, clock

    async def watch(self) -> bool:
        """One turn; True when an alert was raised."""
        online = await self.online()
        told = await self.store.alerts.last((AlertKind.BLIND, AlertKind.SIGHTED))
        blind = told is not None and told.kind is AlertKind.BLIND
        if online is not blind:
            return False
        kind, urgency = (AlertKind.SIGHTED, Urgency.NORMAL) if online else (AlertKind.BLIND, Urgency.HIGH)
        log.warning("connectivity changed", online=online)
        await self.store.alerts.raise_(Draft(kind, urgency), now=self.clock())
        return True
