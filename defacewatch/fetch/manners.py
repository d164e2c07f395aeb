"""Manners towards other people's servers: one request at a time to a host, and a breath between two."""

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

BREATH = (0.05, 0.25)  # seconds between two requests to one host, when the second is waiting already
PATIENCE = 3.0  # seconds after which a request that is not answered keeps no other waiting,
BRIEF = 0.25  # and at a host that could not be reached when it was last asked
LONGEST = 10.0  # seconds that a request waits for its turn, and then goes ahead without
UNREACHED = 10_000  # hosts that are remembered as such

Waiting = deque[asyncio.Future[None]]


class Manners:
    """Turns at hosts. Whoever waits comes in the order of asking, but those that come `behind` only when
    nobody else waits. `pause` says for how many seconds a host is left alone between two, never the same
    twice, so that no rhythm of ours becomes its rhythm.

    A turn ends after `patience` seconds at the latest, for one page that does not answer must not hide the
    others of its host; sooner where many wait, so that each is asked in good time; and nobody waits for
    longer than `longest` seconds: being polite to a slow host is no reason to be blind there.
    """

    def __init__(
        self,
        pause: Callable[[], float] = lambda: random.uniform(*BREATH),  # noqa: S311 - nothing secret
        patience: float = PATIENCE,
        longest: float = LONGEST,
    ) -> None:
        self._pause, self._patience, self._longest = pause, patience, longest
        # An entry for each host that is busy: who waits there, and who waits behind them.
        self._waiting: dict[str, tuple[Waiting, Waiting]] = {}
        self._unreached: dict[str, None] = {}

    def heard(self, host: str, *, reached: bool) -> None:
        """Be told how asking `host` went: one that cannot be reached keeps nobody waiting for long."""
        self._unreached.pop(host, None)
        if not reached:
            self._unreached[host] = None
            if len(self._unreached) > UNREACHED:
                del self._unreached[next(iter(self._unreached))]

    @asynccontextmanager
    async def turn(self, host: str, *, behind: bool = False) -> AsyncIterator[None]:
        """Be the only one who asks `host` meanwhile, as long as that can be waited for."""
        if not await self._come(host, behind):
            yield  # beside whoever has the turn
            return
        ended = False

        def end() -> None:
            nonlocal ended
            ended = True
            self._next(host)

        timer = asyncio.get_running_loop().call_later(self._patience_at(host), end)
        try:
            yield
        finally:
            if not ended:
                timer.cancel()
                self._end(host)

    async def _come(self, host: str, behind: bool) -> bool:
        """Wait for the turn; False when that took too long."""
        queues = self._waiting.get(host)
        if queues is None:
            self._waiting[host] = deque(), deque()
            return True
        queue = queues[behind]
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            await asyncio.wait({turn}, timeout=self._longest)
        except asyncio.CancelledError:
            if turn.done():
                self._next(host)  # it had come, and is not wanted any more
            else:
                queue.remove(turn)
            raise
        if not turn.done():
            queue.remove(turn)
        return turn.done()

    def _patience_at(self, host: str) -> float:
        if host in self._unreached:
            return min(BRIEF, self._patience)
        first, _ = self._waiting[host]
        return min(self._patience, self._longest / (len(first) + 1))

    def _end(self, host: str) -> None:
        if any(self._waiting[host]):
            asyncio.get_running_loop().call_later(self._pause(), self._next, host)
        else:
            del self._waiting[host]

    def _next(self, host: str) -> None:
        """The turn of whoever waits longest; the host is free where nobody does."""
        for queue in self._waiting[host]:
            if queue:
                queue.popleft().set_result(None)
                return
        del self._waiting[host]
