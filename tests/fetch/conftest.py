"""What the tests of fetching share: a portal on loopback, and a fetcher that may go there."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from defacewatch.fetch.guard import Guard
from defacewatch.fetch.http import HttpFetcher
from tests.fetch.portal import Portal

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


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
