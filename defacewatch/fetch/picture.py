"""The picture of a page as it stands."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from contextlib import suppress

from playwright.async_api import CDPSession, Error

from defacewatch.fetch.budget import Budget
from defacewatch.fetch.tab import HEIGHT, WIDTH

TALL = 30_000  # CSS pixels of a page for which the viewport is made as tall as the picture


async def picture_of(
    devtools: CDPSession, height: int, *, most: int, budget: Budget, hold: Callable[[], Awaitable[None]]
) -> bytes | None:
    """The picture (PNG) of a page of this `height`, down to `most` CSS pixels; of the first screen, where
    that cannot be had in time, when the page has been made to `hold` still; None where there is none.

    What lies beyond the viewport is only shown when Chromium paints the whole page, which takes seconds
    of a very tall one: there the viewport is made taller, though what is as tall as it then grows.
    """
    heights = {0.5: max(HEIGHT, min(height, most)), 1.0: HEIGHT}
    for share, tall in heights.items():
        clip = {"x": 0, "y": 0, "width": WIDTH, "height": tall, "scale": 1}
        beyond = tall > HEIGHT and height <= TALL
        # For speed: the same pixels, compressed less, at a third of what writing a PNG takes else.
        options = {"captureBeyondViewport": beyond, "optimizeForSpeed": True}
        with suppress(Error, TimeoutError):
            async with asyncio.timeout(budget.left() * share):
                if tall > HEIGHT and not beyond:
                    viewport = {"width": WIDTH, "height": tall, "deviceScaleFactor": 1, "mobile": False}
                    await devtools.send("Emulation.setDeviceMetricsOverride", viewport)
                answer = await devtools.send(
                    "Page.captureScreenshot", {"format": "png", "clip": clip, **options}
                )
            return base64.b64decode(answer["data"])
        if share < 1:
            await hold()
    return None
