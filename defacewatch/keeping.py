"""Evidence on its way to a disk that may hang: nobody waits for it without end, and an alert goes without."""

import asyncio
from typing import Protocol

import structlog

from defacewatch.captures import Look
from defacewatch.errors import DefacewatchError
from defacewatch.features import Features
from defacewatch.records import Kept

WITHIN = 20.0  # seconds
HANGING = 2  # that hang, while no more is tried: each holds a thread that others need
HANGS = "evidence is not written in time: does its disk hang?"

log = structlog.get_logger(__name__)


class Keeps(Protocol):
    async def keep(self, page_id: str, look: Look, features: Features, *, attack: bool = False) -> Kept: ...


class Keeping:
    """`keep` within bounds; what comes to an end later is evidence that no row names, and is swept."""

    def __init__(self, store: Keeps) -> None:
        self._store = store
        self.hanging: set[asyncio.Task[Kept]] = set()  # for which nobody waits any more

    async def keep(self, page_id: str, look: Look, features: Features, *, attack: bool) -> Kept:
        """As the store does. Raises DefacewatchError, also where that takes too long."""
        if len(self.hanging) >= HANGING:
            raise DefacewatchError(HANGS)
        keeping = asyncio.create_task(self._store.keep(page_id, look, features, attack=attack))
        try:
            async with asyncio.timeout(WITHIN):
                return await asyncio.shield(keeping)
        except TimeoutError:
            self.hanging.add(keeping)
            keeping.add_done_callback(self._over)
            raise DefacewatchError(HANGS) from None

    def _over(self, keeping: asyncio.Task[Kept]) -> None:
        self.hanging.discard(keeping)
        if not keeping.cancelled() and (error := keeping.exception()) is not None:
            log.error("evidence not kept", error=str(error))
