"""Papers as PDF. Each print starts a browser of its own beside the watch, so there is one at a time, and few
wait."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

from defacewatch.errors import DefacewatchError, NotFound
from defacewatch.language import N_
from defacewatch.papers.page import html_of
from defacewatch.papers.paper import Paper
from defacewatch.web.problems import Unavailable

Printing = Callable[[str], Awaitable[bytes]]  # makes PDF of a document (HTML)
WAITING = 4  # papers at the most
LATER = 10  # seconds until somebody may try again
NOTHING = N_("Nothing on this host prints. Take the document (.docx) instead.")
MANY = N_("Too many papers are being printed. Try again in {seconds} s.")
BROKEN = N_("The browser of this host does not print just now; its log says why. Take the document (.docx).")

log = structlog.get_logger(__name__)


class Press:
    """Prints by `printing`; without one there is nothing to print with."""

    def __init__(self, printing: Printing | None) -> None:
        self._printing = printing
        self._turn = asyncio.Lock()
        self.waiting = 0  # papers, the one that is being printed included

    async def pdf(self, paper: Paper) -> bytes:
        """Raises NotFound where nothing prints, Unavailable where too many wait or the browser does not."""
        if self._printing is None:
            raise NotFound(NOTHING)
        if self.waiting >= WAITING:
            raise Unavailable(MANY, later=LATER, seconds=LATER)
        self.waiting += 1
        try:
            async with self._turn:
                return await self._printing(html_of(paper))
        except DefacewatchError as error:
            log.error("a paper could not be printed", error=str(error))
            raise Unavailable(BROKEN) from error
        finally:
            self.waiting -= 1


PRESS: web.AppKey[Press] = web.AppKey("press")
