"""Hashing of passwords: one at a time, with a bound on how many wait for it."""

import asyncio

from aiohttp import hdrs, web

from defacewatch.passwords import hashed, verified

WAITING = 8  # passwords in the queue; each takes about 0.1 s and 46 MiB while it is hashed
TRY_AGAIN = "2"  # seconds, told to those for whom there is no room


class Hashing:
    """What strangers send is hashed too, so they can fill the queue, but no more than that."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore()
        self._inside = 0  # the one that is being hashed, and those that wait

    async def verify(self, kept: str | None, password: str) -> bool:
        """Whether it is this password. Raises HTTPServiceUnavailable when too many wait."""
        self._enter()
        try:
            async with self._turn:
                return await asyncio.to_thread(verified, kept, password)
        finally:
            self._inside -= 1

    async def hash(self, password: str) -> str:
        """A password as it is kept. Raises HTTPServiceUnavailable when too many wait."""
        self._enter()
        try:
            async with self._turn:
                return await asyncio.to_thread(hashed, password)
        finally:
            self._inside -= 1

    def _enter(self) -> None:
        if self._inside > WAITING:
            raise web.HTTPServiceUnavailable(headers={hdrs.RETRY_AFTER: TRY_AGAIN})
        self._inside += 1
