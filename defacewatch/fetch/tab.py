"""A browser context with one page in it that nothing else shares, seen as a visitor in Viet Nam sees it."""

import asyncio
from contextlib import suppress

from playwright.async_api import BrowserContext, CDPSession, Error, Page

from defacewatch.fetch.chromium import Chromium
from defacewatch.fetch.events import Events
from defacewatch.fetch.isolated import IsolatedWorld

WIDTH, HEIGHT = 1280, 800  # CSS pixels, and with a scale of 1 those of the picture


class Tab:
    """A page that has not gone anywhere yet, with what listens to it and what asks it."""

    def __init__(self, context: BrowserContext, page: Page, devtools: CDPSession) -> None:
        self.context = context
        self.page = page
        self.devtools = devtools
        self.world = IsolatedWorld(devtools)
        self.events = Events(context, page, devtools, self.world)

    @classmethod
    async def open(cls, chromium: Chromium, proxy: str) -> "Tab":
        """A new one, whose traffic goes through `proxy`. Raises Playwright's Error, and never gives up."""
        identity = chromium.identity
        context = await chromium.browser.new_context(
            viewport={"width": WIDTH, "height": HEIGHT},
            screen={"width": WIDTH, "height": HEIGHT},
            user_agent=identity["userAgent"],
            locale="vi-VN",
            timezone_id="Asia/Ho_Chi_Minh",
            reduced_motion="reduce",
            proxy={"server": proxy},
            accept_downloads=False,
            service_workers="block",
            # What is wrong with a certificate is the probe's finding; the page is to be seen all the same.
            ignore_https_errors=True,
        )
        try:
            page = await context.new_page()
            devtools = await context.new_cdp_session(page)
            tab = cls(context, page, devtools)
            await devtools.send("Page.enable")
            await devtools.send("Emulation.setUserAgentOverride", identity)
        except BaseException:
            with suppress(Error, TimeoutError):
                async with asyncio.timeout(1):
                    await context.close()
            raise
        return tab

    async def close(self, within: float) -> bool:
        """Leave nothing of it; False when the browser has not done so within so many seconds."""
        try:
            async with asyncio.timeout(within):
                await self.events.finish()
                if self.world.held:  # it may have workers, or a task that nothing interrupts
                    await self.world.crash()
                await self.context.close()
        except TimeoutError:
            return False
        except Error:
            pass  # gone already, with its browser
        return True
