"""A number of places, and an order among those who wait for one."""

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count


class Gate:
    """Lets `places` through at once. Of those who wait, the lowest rank comes first, and of one rank whoever
    has waited longest. Nobody overtakes who waits already with the same rank or a lower one."""

    def __init__(self, places: int) -> None:
        self._places, self._taken = places, 0
        self._number = count()
        self._queue: list[tuple[int, int, asyncio.Future[None]]] = []

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(not turn.done() for _, _, turn in self._queue)

    async def take(self, rank: int) -> None:
        """Wait for a place, and take it; `release` gives it back."""
        if self.take_free():
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._queue, (rank, next(self._number), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release()  # the place had come, and is not wanted any more
            raise

    def release(self) -> None:
        """Give a place back: to whoever is next, else it is free."""
        self._taken -= 1
        self._let_in()

    def resize(self, places: int) -> None:
        """Have so many places from now on. Where more are taken, nobody comes through until they are not."""
        self._places = places
        self._let_in()

    def take_free(self) -> bool:
        """Take a place if one is free."""
        if self._taken >= self._places:
            return False
        self._taken += 1
        return True

    def take_another(self) -> None:
        """Take a place even where none is free: whoever waits then waits for it, too."""
        self._taken += 1

    def _let_in(self) -> None:
        while self._queue and self._taken < self._places:
            _, _, turn = heapq.heappop(self._queue)
            if not turn.done():
                self._taken += 1
                turn.set_result(None)

    @asynccontextmanager
    async def place(self, rank: int) -> AsyncIterator["Place"]:
        await self.take(rank)
        place = Place(self)
        try:
            yield place
        finally:
            place.leave()


class Place:
    """A place that was taken, which may be given up for one in another gate."""

    def __init__(self, gate: Gate) -> None:
        self._gate = self._first = gate

    def move(self, gate: Gate) -> bool:
        """Take a place of `gate` for this one; False when none is free there, and this one stays taken."""
        if not gate.take_free():
            return False
        self._gate.release()
        self._gate = gate
        return True

    def back(self) -> None:
        """Have a place of the first gate again, whether or not one is free."""
        if self._gate is not self._first:
            self._first.take_another()
            self._gate.release()
            self._gate = self._first

    def leave(self) -> None:
        self._gate.release()


class Turn:
    """A gate as one of a rank sees it."""

    def __init__(self, gate: Gate, rank: int) -> None:
        self._gate, self._rank = gate, rank

    async def acquire(self) -> None:
        await self._gate.take(self._rank)

    def release(self) -> None:
        self._gate.release()
