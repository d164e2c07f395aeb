"""Papers as PDF. Each print starts a browser of its own beside the watch, so there is one at a time, and few
wait."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web

from defacewatch.papers.page import html_of
from defacewatch.papers.paper import Paper

Printing = Callable[[str], Awaitable[bytes]]  # makes PDF of a document (HTML)
WAITING = 4  # papers at the most
LATER = 10  # seconds until somebody may try again


class Press:
    """Prints by `printing`; without one there is nothing to print with."""

    def __init__(self, printing: Printing | None) -> None:
        self._printing = printing
        self._turn = asyncio.Lock()
        self.waiting = 0  # papers, the one that is being printed included

    async def pdf(self, paper: Paper) -> bytes:
        """Raises HTTPNotFound where nothing prints, HTTPServiceUnavailable where too many wait, and
        DefacewatchError where the browser does not print."""
        if self._printing is None:
            raise web.HTTPNotFound
        if self.waiting >= WAITING:
            raise web.HTTPServiceUnavailable(headers={hdrs.RETRY_AFTER: str(LATER)})
        self.waiting += 1
        try:
            async with self._turn:
                return await self._printing(html_of(paper))
        finally:
            self.waiting -= 1


PRESS: web.AppKey[Press] = web.AppKey("press")
