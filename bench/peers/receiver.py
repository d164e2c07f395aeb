"""Where the monitors send what they have to tell: an HTTP server on loopback that notes when what came."""

import asyncio
import time
from urllib.parse import urlsplit

from aiohttp import web

LARGEST = 64 * 2**20  # bytes of one message: a report of all pages, with what changed on them


class Receiver:
    """The server. `async with Receiver() as receiver:` listens at `receiver.url`."""

    def __init__(self) -> None:
        self.url = ""
        self.messages: list[tuple[float, str]] = []  # seconds since 1970, text
        self._runner: web.AppRunner | None = None
        self._came = asyncio.Condition()

    async def __aenter__(self) -> "Receiver":
        app = web.Application(client_max_size=LARGEST)
        app.router.add_post("/", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 0

    def told(self, url: str, since: float) -> float | None:
        """When the first message after `since` came that names the page's host; None if there was none.

        Every page has a host of its own, and none names another's.
        """
        parts = urlsplit(url)
        mark = f"{parts.scheme}://{parts.netloc}/"
        return next((at for at, text in self.messages if at > since and mark in text), None)

    async def quiet(self, seconds: float) -> None:
        """Until nothing has come for so long."""
        while True:
            try:
                async with asyncio.timeout(seconds), self._came:
                    await self._came.wait()
            except TimeoutError:
                return

    async def _take(self, request: web.Request) -> web.Response:
        at = time.time()
        text = (await request.read()).decode("utf-8", "replace").replace("\\/", "/")
        async with self._came:
            self.messages.append((at, text))
            self._came.notify_all()
        return web.Response(text="ok")
