"""changedetection.io as its users run it: its server, pages added over its API, notifications by apprise.

It looks at every page as often as it will: its own least interval (3 seconds), its own number of workers (5).
With its browser it needs one that speaks the DevTools protocol: a headless shell that stays, which costs less
than the browser container of its documentation, where every check starts a Chrome.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from bench.peers.pages import Pages
from bench.peers.receiver import Receiver
from bench.peers.trees import LOOK_EVERY, Peak, Tree
from defacewatch.demo.stage import free_port
from defacewatch.errors import DefacewatchError

NAME = "changedetection.io"
LEAST = 3  # seconds between two checks of a page: MINIMUM_SECONDS_RECHECK_TIME is this where it is not set
WORKERS = 5  # checks at once, where neither FETCH_WORKERS nor the settings say otherwise
STARTS_WITHIN = 120.0  # seconds
ROUND_WITHIN = 3600.0
_SETTINGS = "changedetection.json"


@dataclass(frozen=True)
class Where:
    """Its program, and the Chromium that its browser fetcher is to use; None for the plain fetcher."""

    python: Path
    chromium: str | None
    environ: Mapping[str, str]


class ChangeDetection:
    """The server on a folder of its own."""

    batch = False

    def __init__(self, where: Where, folder: Path) -> None:
        self.where, self.folder = where, folder
        self.trees: list[Tree] = []
        self.peak = Peak()
        self.url = ""
        self.token = ""
        self._watcher: asyncio.Task[None] | None = None
        self._pages: Pages | None = None

    async def begin(self, pages: Pages, receiver: Receiver) -> None:
        """Start it, and have it watch the pages. Raises DefacewatchError where it does not run."""
        self._pages = pages
        port, environ = free_port(), dict(self.where.environ)
        environ |= {"ALLOW_IANA_RESTRICTED_ADDRESSES": "true", "DISABLE_VERSION_CHECK": "true"}
        if self.where.chromium is not None:
            environ["PLAYWRIGHT_DRIVER_URL"] = await self._browser(self.where.chromium)
        datastore = self.folder / "datastore"
        program = self.where.python.parent / "changedetection.io"
        command = [str(program), "-C", "-d", str(datastore), "-h", "127.0.0.1", "-p", str(port)]
        log = self.folder / "server.log"
        self.trees.append(await Tree.grown(command, environ=environ, folder=self.folder, log=log))
        self.url = f"http://127.0.0.1:{port}/api/v1/"
        await self._answering(datastore / _SETTINGS)
        for example in await self._api("GET", "watch"):
            await self._api("DELETE", f"watch/{example}")
        for url in pages.urls:
            await self._api("POST", "watch", json=self._watch(url, receiver))
        self._watcher = asyncio.create_task(self._look())

    def cpu(self) -> float:
        return sum(tree.ledger.look().total for tree in self.trees)

    async def round(self, least: float) -> None:
        """Until every page has been asked for again, at least so many seconds. Raises DefacewatchError."""
        assert self._pages is not None
        began, before = time.monotonic(), await self._pages.asked()
        while time.monotonic() - began < ROUND_WITHIN:
            await asyncio.sleep(LOOK_EVERY)
            if not all(tree.alive for tree in self.trees):
                raise DefacewatchError(f"it ended by itself: {self._last_words()}")
            now = await self._pages.asked()
            if time.monotonic() - began >= least and all(now[n] > before[n] for n in before):
                return
        unseen = sum(now[n] <= before[n] for n in before)
        raise DefacewatchError(f"{unseen} pages were not looked at in {ROUND_WITHIN:.0f} s")

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        yield  # it does so all the time

    async def failures(self) -> list[str]:
        """What it says of pages that it could not look at."""
        found = await self._api("GET", "watch", params={"with_errors": "1"})
        return [f"{one['url']}: {one['last_error']}" for one in found.values()]

    async def end(self) -> list[str]:
        """Stop it; the processes that it left behind."""
        if self._watcher is not None:
            self._watcher.cancel()
        left: list[str] = []
        for tree in reversed(self.trees):
            left += await tree.felled()
        self.trees.clear()
        return left

    async def _browser(self, chromium: str) -> str:
        """A browser for it; the address that Playwright finds its websocket at."""
        port = free_port()
        command = [
            *(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
            *("--no-first-run", "--disable-background-networking", "--hide-scrollbars"),
            f"--remote-debugging-port={port}",
            f"--user-data-dir={self.folder / 'profile'}",
            "about:blank",
        ]
        log = self.folder / "browser.log"
        self.trees.append(await Tree.grown(command, environ=self.where.environ, folder=self.folder, log=log))
        await self._waited(f"http://127.0.0.1:{port}/json/version", "its browser does not start")
        return f"http://127.0.0.1:{port}"

    async def _answering(self, settings: Path) -> None:
        await self._waited(self.url.removesuffix("api/v1/"), "it does not start")
        found = json.loads(settings.read_text("utf-8"))
        self.token = found["settings"]["application"]["api_access_token"]

    async def _waited(self, url: str, otherwise: str) -> None:
        began = time.monotonic()
        async with aiohttp.ClientSession() as client:
            while time.monotonic() - began < STARTS_WITHIN and self.trees[-1].process.returncode is None:
                try:
                    async with client.get(url) as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.2)
        raise DefacewatchError(f"{otherwise}: {self._last_words()}")

    def _watch(self, url: str, receiver: Receiver) -> dict[str, Any]:
        return {
            "url": url,
            "fetch_backend": "html_webdriver" if self.where.chromium else "html_requests",
            "time_between_check": {"seconds": LEAST},
            "time_between_check_use_default": False,
            "notification_urls": [f"post://127.0.0.1:{receiver.port}/"],
            "notification_title": "changed",
            "notification_body": "{{watch_url}}",
            "notification_format": "text",
        }

    async def _api(self, method: str, path: str, **what: Any) -> Any:
        headers = {"x-api-key": self.token}
        async with (
            aiohttp.ClientSession(headers=headers) as client,
            client.request(method, self.url + path, **what) as answer,
        ):
            if answer.status >= 400:
                raise DefacewatchError(f"its API answers {answer.status}: {(await answer.text())[:200]}")
            return json.loads(await answer.text() or "null")

    async def _look(self) -> None:
        while True:
            self.peak.note([tree.ledger.look() for tree in self.trees])
            await asyncio.sleep(LOOK_EVERY)

    def _last_words(self) -> str:
        log = self.folder / "server.log"
        return log.read_text("utf-8", "replace").strip()[-300:] if log.exists() else "no log"
