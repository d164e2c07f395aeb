"""Whether this host is online at all: well-known addresses asked before sites are blamed."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from defacewatch.errors import Exhausted
from defacewatch.fetch.guard import Guard, Lookup, system_lookup
from defacewatch.fetch.http import HttpFetcher

FRESH = timedelta(seconds=10)  # one answer serves every page that fails at the same time


def seeing(guard: Guard, *, timeout: timedelta, lookup: Lookup = system_lookup) -> HttpFetcher:
    """What asks canaries: a connection that was kept, or an address, would answer for a resolver and a way
    out that are dead, while the probes of portals fail."""
    return HttpFetcher(guard, timeout=timeout, lookup=lookup, keeps=False)


class Canaries:
    """Asks the canary URLs, all at once; one that answers anything at all proves that we can see.

    `http` asks each time as if it were the first, see `seeing`.
    """

    def __init__(self, http: HttpFetcher, urls: Sequence[str], *, clock: Callable[[], datetime]) -> None:
        self.http, self.urls, self.clock = http, tuple(urls), clock
        self.asked_at: datetime | None = None
        self.answer = True
        self.lock = asyncio.Lock()

    async def online(self) -> bool:
        """True when a canary answered, or none is configured."""
        if not self.urls:
            return True
        async with self.lock:
            now = self.clock()
            # also where the clock was set back since: nobody knows how long ago that is
            if self.asked_at is None or not timedelta(0) <= now - self.asked_at < FRESH:
                self.answer = any(await asyncio.gather(*(self._answers(url, now) for url in self.urls)))
                self.asked_at = self.clock()
            return self.answer

    async def _answers(self, url: str, now: datetime) -> bool:
        try:
            return (await self.http.probe(url, now=now)).status is not None
        except Exhausted:
            return False  # we do not see, for whatever reason
