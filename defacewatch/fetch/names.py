"""Names and their addresses, remembered for a short time.

A name that is looked up for every probe costs a thread and a question each time; one that is remembered for
too long hides that somebody has moved it. What is remembered is what the resolver said: the guard checks
the addresses anew whenever they are used.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable

from defacewatch.fetch.guard import Lookup

TTL = 60.0  # seconds
NAMES = 20_000  # remembered; hostile pages can name any number


class CachedLookup:
    """A `Lookup` that asks `lookup` once a name and `ttl` seconds, however many ask meanwhile.

    Failures are not remembered. The port plays no part in what a name means.
    """

    def __init__(
        self, lookup: Lookup, *, ttl: float = TTL, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._lookup, self._ttl, self._clock = lookup, ttl, clock
        self._known: OrderedDict[str, tuple[float, list[str]]] = OrderedDict()
        self._asking: dict[str, asyncio.Task[list[str]]] = {}

    async def __call__(self, host: str, port: int) -> list[str]:
        """The addresses of `host`. Raises OSError, as `lookup` does."""
        host = host.lower()
        known = self._known.get(host)
        if known is not None and self._clock() - known[0] < self._ttl:
            return list(known[1])
        asking = self._asking.get(host)
        if asking is None:
            asking = asyncio.create_task(self._ask(host, port))
            self._asking[host] = asking
            asking.add_done_callback(lambda _: self._asking.pop(host, None))
        # Whoever gives up waiting leaves the question to the others.
        return list(await asyncio.shield(asking))

    async def _ask(self, host: str, port: int) -> list[str]:
        addresses = await self._lookup(host, port)
        self._known.pop(host, None)
        self._known[host] = (self._clock(), addresses)
        if len(self._known) > NAMES:
            self._known.popitem(last=False)
        return addresses
