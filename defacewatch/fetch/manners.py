"""Manners towards other people's servers: one request at a time to a host, and a breath between two."""

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

BREATH = (0.05, 0.25)  # seconds between two requests to one host, when the second is waiting already
PATIENCE = 3.0  # seconds after which a request that is not answered keeps no other waiting


class Manners:
    """Turns at hosts. Whoever waits comes in the order of asking; `pause` says for how many seconds a host
    is left alone between two, never the same twice, so that no rhythm of ours becomes its rhythm.

    A turn ends after `patience` seconds at the latest, for one page that does not answer must not hide the
    others of its host.
    """

    def __init__(
        self,
        pause: Callable[[], float] = lambda: random.uniform(*BREATH),  # noqa: S311 - nothing secret
        patience: float = PATIENCE,
    ) -> None:
        self._pause, self._patience = pause, patience
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}  # an entry for each host that is busy

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Be the only one who asks `host` meanwhile, for `patience` seconds at most."""
        loop = asyncio.get_running_loop()
        queue = self._waiting.get(host)
        if queue is None:
            self._waiting[host] = deque()
        else:
            turn: asyncio.Future[None] = loop.create_future()
            queue.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._next(host)  # it had come, and is not wanted any more
                raise
        ended = False

        def end() -> None:
            nonlocal ended
            ended = True
            self._next(host)

        timer = loop.call_later(self._patience, end)
        try:
            yield
        finally:
            if not ended:
                timer.cancel()
                self._end(host)

    def _end(self, host: str) -> None:
        if self._waiting[host]:
            asyncio.get_running_loop().call_later(self._pause(), self._next, host)
        else:
            del self._waiting[host]

    def _next(self, host: str) -> None:
        """The turn of whoever waits longest; the host is free where nobody does."""
        queue = self._waiting[host]
        while queue:
            turn = queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        del self._waiting[host]
