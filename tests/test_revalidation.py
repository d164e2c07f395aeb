import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from defacewatch.captures import Material
from defacewatch.fetch.guard import Guard
from defacewatch.fetch.http import HttpFetcher
from defacewatch.fetch.manners import Manners
from defacewatch.revalidation import Revalidation
from tests.conftest import Clock
from tests.fetch.portal import Portal, page, silence

TAG = '"1"'


class Made:
    """What pages are made of."""

    def __init__(self) -> None:
        self.of: dict[str, tuple[Material, ...]] = {}

    async def __call__(self, page_id: str) -> tuple[Material, ...]:
        return self.of.get(page_id, ())


@pytest.fixture
async def portal() -> AsyncIterator[Portal]:
    portal = Portal()
    await portal.start()
    yield portal
    await portal.stop()


@pytest.fixture
async def http() -> AsyncIterator[HttpFetcher]:
    fetcher = HttpFetcher(
        Guard(["127.0.0.0/8"]), timeout=timedelta(seconds=5), manners=Manners(pause=lambda: 0.0)
    )
    yield fetcher
    await fetcher.close()


@pytest.fixture
def made() -> Made:
    return Made()


@pytest.fixture
def revalidation(http: HttpFetcher, made: Made, clock: Clock) -> Revalidation:
    return Revalidation(http, made, clock=clock, fresh=timedelta(seconds=60))


async def test_a_page_whose_things_are_as_they_were_has_not_changed(
    portal: Portal, made: Made, revalidation: Revalidation
) -> None:
    portal.answers |= {"/a.css": page("a {}", etag=TAG), "/b.js": page("b()")}
    body = "1e2f8d9a"
    made.of["p"] = (
        Material(portal.url("/a.css"), "stylesheet", TAG),
        Material(portal.url("/b.js"), "script", hashes=(body, sha256(b"b()"))),
    )
    assert await revalidation.changed("p") is None
    assert [asked.path for asked in portal.asked] == ["/a.css", "/b.js"]
    assert portal.asked[0].headers["if-none-match"] == TAG
    assert await revalidation.changed("nobody knows it") is None


@pytest.mark.parametrize("kind", ["stylesheet", "script", "image", "document", "font"])
async def test_each_kind_of_thing_that_has_changed_is_found(
    portal: Portal, made: Made, revalidation: Revalidation, kind: str
) -> None:
    portal.answers |= {"/a": page("same", etag=TAG), "/b": page("another", etag='"2"')}
    same, other = Material(portal.url("/a"), kind, TAG), Material(portal.url("/b"), kind, TAG, restless=1)
    made.of["p"] = (same, other)
    changed = await revalidation.changed("p")
    assert changed == Material(other.url, kind, TAG, hashes=(sha256(b"another"),), restless=1)


async def test_the_answer_serves_every_page_that_is_made_of_the_same_while_it_is_fresh(
    portal: Portal, made: Made, revalidation: Revalidation, clock: Clock
) -> None:
    portal.answers["/a.js"] = page("a()", etag=TAG)
    for name in ("p", "q", "r"):
        made.of[name] = (Material(portal.url("/a.js"), "script", TAG),)
    await asyncio.gather(revalidation.changed("p"), revalidation.changed("q"))
    assert await revalidation.changed("r") is None
    assert len(portal.asked) == 1
    portal.answers["/a.js"] = page("b()", etag='"2"')
    clock.forward(seconds=61)
    assert [await revalidation.changed(name) is not None for name in ("p", "q", "r")] == [True] * 3
    assert len(portal.asked) == 2
    assert revalidation.asked == 2


async def test_a_thing_that_is_restless_is_not_asked_for(
    portal: Portal, made: Made, revalidation: Revalidation
) -> None:
    made.of["p"] = (Material(portal.url("/gone"), "script", TAG, restless=3),)
    assert await revalidation.changed("p") is None
    assert portal.asked == []


async def test_a_thing_that_does_not_come_says_nothing_and_one_that_is_gone_does(
    portal: Portal, made: Made, http: HttpFetcher, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("defacewatch.revalidation.WITHIN", timedelta(milliseconds=100))
    revalidation = Revalidation(http, made, clock=clock, fresh=timedelta(0))
    portal.answers["/tarpit"] = silence
    made.of["p"] = (Material(portal.url("/tarpit"), "script", TAG),)
    assert await revalidation.changed("p") is None
    made.of["p"] = (Material(portal.url("/gone"), "script", TAG),)
    assert await revalidation.changed("p") is not None


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
