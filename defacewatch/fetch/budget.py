"""The wall clock over one capture."""

import asyncio

from defacewatch.fetch.gate import Turn


class Budget:
    """Seconds for the whole visit; what was spent waiting on purpose or for a turn is given back."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._started = asyncio.get_running_loop().time()

    def left(self, share: float = 1.0) -> float:
        """Seconds until `share` of the budget is used up; never less than zero."""
        return max(0.0, self._seconds * share - self.used())

    def used(self) -> float:
        """Seconds used up so far."""
        return asyncio.get_running_loop().time() - self._started

    async def turn(self, slot: Turn) -> None:
        """Take `slot`, and what that took off the budget."""
        before = self.used()
        await slot.acquire()
        self._started += self.used() - before

    async def rest(self, seconds: float) -> None:
        """Wait so long, and take that off the budget."""
        before = self.used()
        await asyncio.sleep(seconds)
        self._started += self.used() - before
