"""What the tests of fetching share: a portal on loopback, and a fetcher that may go there."""

import os
import resource
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from defacewatch.fetch.browser import Browser
from defacewatch.fetch.chromium import find_chromium
from defacewatch.fetch.guard import Guard
from defacewatch.fetch.http import HttpFetcher
from defacewatch.fetch.proxy import FilteringProxy
from tests.fetch.portal import Portal
from tests.settling import settling_soon

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@contextmanager
def no_descriptors() -> Iterator[None]:
    """Meanwhile this process can open no file and no socket."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(map(int, os.listdir("/proc/self/fd"))) + 1, hard))
    held = []
    try:
        with suppress(OSError):
            while True:
                held.append(os.open(os.devnull, os.O_RDONLY))
        yield
    finally:
        for descriptor in held:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
async def portal() -> AsyncIterator[Portal]:
    portal = Portal()
    await portal.start()
    yield portal
    await portal.stop()


@pytest.fixture
def guard() -> Guard:
    return Guard(["127.0.0.0/8"])


Fetching = Callable[..., HttpFetcher]


@pytest.fixture
async def fetching() -> AsyncIterator[Fetching]:
    """Makes fetchers, and ends their connections."""
    made: list[HttpFetcher] = []

    def make(*settings: Any, **more: Any) -> HttpFetcher:
        made.append(HttpFetcher(*settings, **more))
        return made[-1]

    yield make
    for fetcher in made:
        await fetcher.close()


@pytest.fixture
def fetcher(guard: Guard, fetching: Fetching) -> HttpFetcher:
    return fetching(guard, timeout=timedelta(seconds=10))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One that works at one capture at a time."""
    proxy = FilteringProxy(Guard(["127.0.0.0/8"]))
    made = Browser(
        proxy, executable=find_chromium(None), timeout=timedelta(seconds=10), max_height=2000, working=1
    )
    await proxy.start()
    await made.start()
    with settling_soon():
        yield made
    await made.stop()
    await proxy.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site() -> AsyncIterator[Portal]:
    """A portal in the loop of `browser`."""
    portal = Portal()
    await portal.start()
    yield portal
    await portal.stop()
