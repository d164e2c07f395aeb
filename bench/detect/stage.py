"""The real path over loopback: servers that give scenes under the pages' own host names, probe and browser.

Several visits go on at once, often of the same host: each has a slot, an address of its own (127.0.0.11 and
on) that all names resolve to for it, with a server on ports 80 and 443.
"""

import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from aiohttp import web

from bench.detect.certificates import Certificates
from bench.detect.scene import Scene
from bench.detect.served import AT, answer
from defacewatch.captures import Failure, Look
from defacewatch.fetch.browser import Browser
from defacewatch.fetch.chromium import find_chromium
from defacewatch.fetch.guard import Guard, Lookup
from defacewatch.fetch.http import HttpFetcher
from defacewatch.fetch.looks import Fetcher
from defacewatch.fetch.proxy import FilteringProxy, ProxySession

SLOTS, WORKING = 5, 3
FIRST_HOST = 11
TIMEOUT = timedelta(seconds=45)  # for a page: this machine is busy with others of them
TRIES = 3  # of a look that our own browser failed at

_address: ContextVar[str] = ContextVar("address")


class Slot:
    """One visit at a time: what is served to it, and what looks."""

    def __init__(self, address: str, fetcher: Fetcher) -> None:
        self.address, self.fetcher = address, fetcher
        self.scene: Scene | None = None

    async def look(self, scene: Scene, *, dwell: bool) -> Look | None:
        """A look at `scene`; None when our own browser failed at it."""
        _address.set(self.address)
        self.scene = scene
        for _ in range(TRIES):
            look = await self.fetcher.render(scene.url, now=AT, dwell=dwell)
            if look.rendering is None or look.rendering.failure is not Failure.BROWSER:
                return look
        return None

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if self.scene is None:
            return web.Response(status=404)
        got = answer(self.scene, f"{request.scheme}://{_plain(request.host)}{request.path_qs}")
        headers = [("Content-Type", got.kind), *got.headers]
        return web.Response(body=got.body, status=got.status, headers=dict(headers))


class SlottedProxy(FilteringProxy):
    """Gives each visit a session that sends everything to the address of its slot."""

    def __init__(self, guard: Guard, addresses: Sequence[str]) -> None:
        super().__init__(guard)
        self._proxies = {one: FilteringProxy(guard, lookup=_always(one)) for one in addresses}

    @asynccontextmanager
    async def session(self) -> AsyncIterator[ProxySession]:
        async with self._proxies[_address.get()].session() as session:
            yield session


@dataclass(frozen=True)
class Stage:
    """The slots, and the servers behind them, running."""

    slots: tuple[Slot, ...]


@asynccontextmanager
async def staged() -> AsyncIterator[Stage]:
    """Browser, probes and servers. Raises DefacewatchError where no Chromium starts."""
    guard = Guard(["127.0.0.0/8"])
    addresses = [f"127.0.0.{FIRST_HOST + number}" for number in range(SLOTS)]
    certificates = Certificates()
    async with AsyncExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-detect-")))
        authority = str(work / "authority.pem")
        certificates.write_authority(Path(authority))
        proxy = SlottedProxy(guard, addresses)
        browser = Browser(proxy, executable=find_chromium(None), timeout=TIMEOUT, working=WORKING)
        await browser.start()
        stack.push_async_callback(browser.stop)
        slots = []
        for address in addresses:
            http = HttpFetcher(guard, timeout=TIMEOUT, cafile=authority, lookup=_always(address))
            stack.push_async_callback(http.close)
            slot = Slot(address, Fetcher(http, browser))
            runner = web.ServerRunner(web.Server(slot.answer, access_log=None))
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, address, 80).start()
            await web.TCPSite(runner, address, 443, ssl_context=certificates.server).start()
            slots.append(slot)
        yield Stage(tuple(slots))


def _plain(host: str) -> str:
    return host.removesuffix(":80").removesuffix(":443")


def _always(address: str) -> Lookup:
    async def lookup(host: str, port: int) -> list[str]:
        return [address]

    return lookup
