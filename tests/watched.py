"""A page under watch: a site on loopback, a store, Chromium, and a checker over them; only time is faked."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from defacewatch.calm import reads_little_news
from defacewatch.captures import Look
from defacewatch.check import Checker, Result
from defacewatch.compare import extract
from defacewatch.features import Features
from defacewatch.fetch.browser import Browser
from defacewatch.fetch.chromium import find_chromium
from defacewatch.fetch.guard import Guard
from defacewatch.fetch.http import HttpFetcher
from defacewatch.fetch.looks import Fetcher
from defacewatch.fetch.proxy import FilteringProxy
from defacewatch.learn import Lesson, learn_page
from defacewatch.portals import Page, Portal
from defacewatch.store import Store
from tests.conftest import NOW, Clock
from tests.settling import settling_soon
from tests.site import USUAL, Site


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def fetch() -> AsyncIterator[Fetcher]:
    guard = Guard(["127.0.0.0/8"])
    proxy = FilteringProxy(guard)
    await proxy.start()
    http = HttpFetcher(guard, timeout=timedelta(seconds=10))
    browser = Browser(proxy, executable=find_chromium(None), timeout=timedelta(seconds=20))
    await browser.start()
    with settling_soon():
        yield Fetcher(http, browser)
    await browser.stop()
    await http.close()
    await proxy.stop()


class Patient:
    """The fetcher, for which the ten seconds of a capture that dwells pass at once: `late` is the page that
    the site has by then, where scripts make another of it."""

    def __init__(self, fetch: Fetcher, site: Site) -> None:
        self.fetch, self.site, self.probe = fetch, site, fetch.probe
        self.dwelt: list[bool] = []
        self.took: list[float] = []
        self.late: str | None = None
        self.slow: float | None = None  # seconds that a capture takes, where not as long as it does

    async def render(self, url: str, *, now: datetime, dwell: bool = False, rank: int = 0) -> Look:
        self.dwelt.append(dwell)
        answer = self.site.answer
        if dwell and self.late is not None:
            self.site.show(self.late)
        look = await self.fetch.render(url, now=now)
        self.site.answer = answer
        assert look.rendering is not None
        elapsed = look.rendering.elapsed if self.slow is None else self.slow
        self.took.append(elapsed)
        return replace(look, rendering=replace(look.rendering, dwelt=dwell, elapsed=elapsed))


class Watch:
    """A page under watch."""

    def __init__(self, site: Site, store: Store, fetcher: Fetcher, clock: Clock) -> None:
        self.site, self.store, self.clock = site, store, clock
        self.fetch = Patient(fetcher, site)
        self.slept: list[float] = []
        self.online = True
        self.checker = self.started()
        self.page_id = ""

    def started(self) -> Checker:
        """A checker as a process has it that has just started."""
        return Checker(
            self.fetch,
            self.store.checks,
            clock=self.clock,
            confirm_after=timedelta(seconds=10),
            revalidate_every=timedelta(minutes=10),
            online=self._online,
            extract=self._extract,
            sleep=self._sleep,
            reads=self._reads,
        )

    def restart(self) -> None:
        self.checker = self.started()

    async def _online(self) -> bool:
        return self.online

    async def _extract(self, look: Look) -> Features:
        return await asyncio.to_thread(extract, look)

    async def _reads(self, document: bytes, html: str, url: str) -> bool:
        return await asyncio.to_thread(reads_little_news, document, html, url)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.forward(seconds=seconds)

    async def register(self) -> None:
        portal = Portal("p", "Cổng", pages=(Page("", "p", self.site.url),))
        await self.store.portals.apply([portal], now=self.clock())
        self.page_id = (await self.store.portals.get("p")).pages[0].id

    async def learn(self, samples: int = 1) -> Lesson:
        return await learn_page(
            self.page_id,
            fetch=self.fetch,
            extract=self._extract,
            checks=self.store.checks,
            baselines=self.store.baselines,
            samples=samples,
            every=timedelta(seconds=5),
            by="an",
            clock=self.clock,
            sleep=self._sleep,
        )

    async def approve(self) -> None:
        lesson = await self.learn()
        assert lesson.capture is not None
        await self.store.baselines.approve(lesson.capture.id, by="binh", reason="mới", now=self.clock())
        self.slept.clear()
        self.fetch.took.clear()

    async def check(self, *, render: bool = False) -> Result:
        self.clock.forward(seconds=30)
        return await self.checker.check_page(self.page_id, render=render)


@asynccontextmanager
async def watching(site: Site, folder: Path, fetch: Fetcher, clock: Clock) -> AsyncIterator[Watch]:
    """The site under watch, over the store in `folder`."""
    store = await Store.open(
        f"sqlite+aiosqlite:///{folder}/store.db", baselines=folder / "baselines", evidence=folder / "evidence"
    )
    try:
        yield Watch(site, store, fetch, clock)
    finally:
        await store.close()


@dataclass(frozen=True)
class Approved:
    """A page that was learned and approved as it is `shown`: the store in `folder` says so since `at`."""

    site: Site
    shown: str
    folder: Path
    page_id: str
    at: datetime

    @asynccontextmanager
    async def watched(self, folder: Path, fetch: Fetcher, clock: Clock) -> AsyncIterator[Watch]:
        """As if it had been approved just now, in a `folder` of its own: to copy that is far quicker."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        self.site.show(self.shown)
        clock.now = self.at
        async with watching(self.site, folder, fetch, clock) as watch:
            watch.page_id = self.page_id
            yield watch


@asynccontextmanager
async def approving(
    shown: str, blank: Path, folder: Path, fetch: Fetcher, pictures: Mapping[str, bytes] | None = None
) -> AsyncIterator[Approved]:
    """Have a page learned and approved once, for all tests of a module."""
    shutil.copyfile(blank, folder / "store.db")
    site, clock = Site(), Clock(NOW)
    site.show(shown)
    site.pictures.update(pictures or {})
    await site.start()
    try:
        async with watching(site, folder, fetch, clock) as watch:
            await watch.register()
            await watch.approve()
        yield Approved(site, shown, folder, watch.page_id, clock.now)
    finally:
        await site.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def unlearned(sqlite_url: str, tmp_path: Path, fetch: Fetcher, clock: Clock) -> AsyncIterator[Watch]:
    site = Site()
    await site.start()
    async with watching(site, tmp_path, fetch, clock) as watch:
        await watch.register()
        yield watch
    await site.stop()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def approved(
    blank: Path, tmp_path_factory: pytest.TempPathFactory, fetch: Fetcher
) -> AsyncIterator[Approved]:
    async with approving(USUAL, blank, tmp_path_factory.mktemp("approved"), fetch) as approved:
        yield approved


@pytest_asyncio.fixture(loop_scope="module")
async def watch(approved: Approved, tmp_path: Path, fetch: Fetcher, clock: Clock) -> AsyncIterator[Watch]:
    async with approved.watched(tmp_path, fetch, clock) as watch:
        yield watch
