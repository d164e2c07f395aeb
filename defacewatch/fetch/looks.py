"""Looks at pages: over plain HTTP alone, or with the browser beside it."""

import asyncio
from datetime import datetime

from defacewatch.captures import Look, Validators
from defacewatch.fetch.browser import Browser
from defacewatch.fetch.http import HttpFetcher


class Fetcher:
    """Both ways of looking. Without a browser, every look is a probe. Neither raises for what a page does.

    Both raise Exhausted when this host lacks what it takes to look.
    """

    def __init__(self, http: HttpFetcher, browser: Browser | None) -> None:
        self.http = http
        self.browser = browser

    async def probe(self, url: str, *, now: datetime, validators: Validators | None = None) -> Look:
        """A cheap look; conditional when `validators` are given."""
        return Look(await self.http.probe(url, now=now, validators=validators))

    async def render(self, url: str, *, now: datetime, dwell: bool = False, rank: int = 0) -> Look:
        """An unconditional probe and a rendering, made at the same time; with `dwell`, one that waits for
        what the page's scripts do late. Of those that wait for the browser the lowest `rank` comes first.

        The rendering is made even where the probe fails: a site may turn away only one of them.
        """
        if self.browser is None:
            return await self.probe(url, now=now)
        rendering = asyncio.create_task(self.browser.render(url, now=now, dwell=dwell, rank=rank))
        try:
            return Look(await self.http.probe(url, now=now), await rendering)
        finally:
            rendering.cancel()
            await asyncio.gather(rendering, return_exceptions=True)
