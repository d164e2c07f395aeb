"""What the tests of fetching share: a portal on loopback, and a fetcher that may go there."""

import os
import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest

from defacewatch.fetch.guard import Guard
from defacewatch.fetch.http import HttpFetcher
from tests.fetch.portal import Portal

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


@pytest.fixture
def fetcher(guard: Guard) -> HttpFetcher:
    return HttpFetcher(guard, timeout=timedelta(seconds=10))
