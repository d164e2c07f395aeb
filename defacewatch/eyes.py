"""Building what looks at pages: guard, proxy, HTTP, browser and the checker over them.

The daemon and the commands that look (check, learn, doctor) build it the same way.
"""

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from defacewatch.agenda import Way
from defacewatch.calm import reads_little_news
from defacewatch.captures import Look
from defacewatch.check import Checker
from defacewatch.compare import VERSION
from defacewatch.compare.outside import outside_of
from defacewatch.config import Settings
from defacewatch.features import Features
from defacewatch.fetch.browser import Browser
from defacewatch.fetch.canaries import Canaries, seeing
from defacewatch.fetch.chromium import find_chromium
from defacewatch.fetch.guard import Guard, system_lookup
from defacewatch.fetch.http import Behind, HttpFetcher
from defacewatch.fetch.looks import Fetcher
from defacewatch.fetch.names import CachedLookup
from defacewatch.fetch.proxy import FilteringProxy
from defacewatch.intervals import fresh_for
from defacewatch.masking import Masking
from defacewatch.renewal import Renewal
from defacewatch.rereading import Rereading
from defacewatch.revalidation import Revalidation
from defacewatch.store import Store
from defacewatch.turning import Turning
from defacewatch.workers import Workers

# From which on probes that would bring more documents are put off; from twice as many on, those that waited.
CROWDED = 4  # documents that wait for each worker
HELD = 64  # documents on their way to a verdict


@dataclass(frozen=True)
class Eyes:
    guard: Guard
    browser: Browser
    fetcher: Fetcher
    canaries: Canaries
    checker: Checker
    extract: Callable[[Look], Awaitable[Features]]
    renewal: Renewal
    revalidation: Revalidation
    workers: Workers
    browsers: int  # captures at once

    def crowded(self, way: Way) -> bool:
        """Whether enough waits for what the errands of one way need: the browser, or who reads documents."""
        if way is Way.RENDER:
            return self.browser.waiting > 2 * self.browsers
        return way is Way.READ and _crowd(self.workers, self.checker) >= 2


@asynccontextmanager
async def opened_eyes(
    settings: Settings, store: Store, *, clock: Callable[[], datetime], browser: str | None
) -> AsyncIterator[Eyes]:
    """Everything that looks, running; stopped on leaving. `browser` names a Chromium to use. Looks that
    another version of the engine has read are read again page by page, before the checker looks at each.

    Our own listeners can never be reached by a page, whatever `allow_networks` says.
    """
    watch = settings.watch
    guard = Guard([str(network) for network in watch.allow_networks])
    forbid_listener(guard, *settings.web.listen)
    async with AsyncExitStack() as stack:
        lookup = CachedLookup(system_lookup)
        proxy = FilteringProxy(guard, lookup=lookup)
        await proxy.start()
        stack.push_async_callback(proxy.stop)
        http = HttpFetcher(guard, timeout=watch.timeout, lookup=lookup)
        stack.push_async_callback(http.close)
        chromium = Browser(
            proxy, executable=find_chromium(browser), timeout=watch.timeout, working=watch.browsers
        )
        await chromium.start()
        stack.push_async_callback(chromium.stop)
        fetcher = Fetcher(http, chromium)
        workers = Workers()
        stack.callback(workers.stop)
        reading = Rereading(workers).read
        renewal = Renewal(store.baselines, reading, version=VERSION)
        canaries = Canaries(seeing(guard, timeout=watch.timeout), watch.canaries, clock=clock)
        stack.push_async_callback(canaries.http.close)
        checker = Checker(
            fetcher,
            store.checks,
            clock=clock,
            confirm_after=watch.confirm_after,
            revalidate_every=watch.revalidate_every,
            online=canaries.online,
            extract=reading,
            renew=renewal.page,
            reads=partial(workers.run, reads_little_news),
            apart=Masking(store.baselines, partial(workers.run, outside_of)).apart,
            turns=Turning(store.baselines).kept,
        )
        checker.crowded = lambda: _crowd(workers, checker) >= 1
        revalidation = Revalidation(
            Behind(http),
            store.checks.materials_of,
            clock=clock,
            fresh=fresh_for(watch.revalidate_every),
        )
        yield Eyes(
            guard,
            chromium,
            fetcher,
            canaries,
            checker,
            reading,
            renewal,
            revalidation,
            workers,
            watch.browsers,
        )


def _crowd(workers: Workers, checker: Checker) -> float:
    """How much waits to be read, as a share of what is good."""
    return max(workers.waiting / (CROWDED * workers.count), len(checker.held) / HELD)


def forbid_listener(guard: Guard, host: str, port: int) -> None:
    """Keep pages away from a listener of ours, by its port on every address of this host: the daemon may
    listen elsewhere than this process is told (`run --listen`). A host name stands for all its addresses,
    which need not be of this host as it sees itself."""
    hosts = [str(address[0]) for *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    for one in ("0.0.0.0", "::", *hosts):  # noqa: S104 - refused, not bound
        guard.forbid(one, port)
