import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from defacewatch.captures import Material
from defacewatch.fetch.guard import Guard
from defacewatch.fetch.http import HttpFetcher
from defacewatch.fetch.manners import Manners
from defacewatch.materials import UNHASHED
from defacewatch.revalidation import Found, Revalidation
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
    found = await revalidation.ask("p")
    assert (found, found.word) == (Found(), "same")
    assert [asked.path for asked in portal.asked] == ["/a.css", "/b.js"]
    assert portal.asked[0].headers["if-none-match"] == TAG
    assert await revalidation.ask("nobody knows it") == Found()


@pytest.mark.parametrize("kind", ["stylesheet", "script", "image", "document", "font"])
async def test_each_kind_of_thing_that_has_changed_is_found_as_it_was_given(
    portal: Portal, made: Made, revalidation: Revalidation, kind: str
) -> None:
    portal.answers |= {"/a": page("same", etag=TAG), "/b": page("another", etag='"2"')}
    same, other = Material(portal.url("/a"), kind, TAG), Material(portal.url("/b"), kind, TAG, restless=1)
    made.of["p"] = (same, other)
    found = await revalidation.ask("p")
    given = Material(other.url, kind, '"2"', hashes=(sha256(b"another"),), restless=1)
    assert (found.changed, found.word) == ((given,), "changed")


async def test_all_that_has_changed_is_found_at_once(
    portal: Portal, made: Made, revalidation: Revalidation
) -> None:
    paths = [f"/{number}.jpg" for number in range(5)]
    portal.answers |= {path: page("no hotlinks", status="403 Forbidden") for path in paths}
    made.of["p"] = tuple(Material(portal.url(path), "image", TAG) for path in paths)
    found = await revalidation.ask("p")
    assert [thing.url for thing in found.changed] == [portal.url(path) for path in paths]
    assert {thing.hashes for thing in found.changed} == {(UNHASHED,)}, (
        "an error page is never known as the thing"
    )


async def test_the_browser_does_not_wait_long_for_what_else_may_have_changed(
    portal: Portal, made: Made, revalidation: Revalidation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("defacewatch.revalidation.MORE", 0.2)
    portal.answers |= {"/a.js": page("evil", etag='"2"'), "/tarpit": silence}
    made.of["p"] = tuple(Material(portal.url(path), "script", TAG) for path in ("/a.js", "/tarpit"))
    async with asyncio.timeout(2):
        found = await revalidation.ask("p")
    assert ([thing.url for thing in found.changed], found.word) == ([portal.url("/a.js")], "changed")


async def test_a_thing_beyond_the_size_limit_is_known_by_its_etag(
    portal: Portal, made: Made, clock: Clock
) -> None:
    http = HttpFetcher(Guard(["127.0.0.0/8"]), timeout=timedelta(seconds=5), max_bytes=1000)
    revalidation = Revalidation(http, made, clock=clock, fresh=timedelta(0))
    portal.answers["/film.gif"] = page(b"a" * 2000, etag=TAG)
    made.of["p"] = (Material(portal.url("/film.gif"), "image", TAG),)
    assert await revalidation.ask("p") == Found()
    portal.answers["/film.gif"] = page(b"b" * 2000, etag='"2"')
    (changed,) = (await revalidation.ask("p")).changed
    assert changed.hashes == (UNHASHED,), "half a body is nobody's"
    await http.close()


async def test_the_answer_serves_every_page_that_is_made_of_the_same_while_it_is_fresh(
    portal: Portal, made: Made, revalidation: Revalidation, clock: Clock
) -> None:
    portal.answers["/a.js"] = page("a()", etag=TAG)
    for name in ("p", "q", "r"):
        made.of[name] = (Material(portal.url("/a.js"), "script", TAG),)
    await asyncio.gather(revalidation.ask("p"), revalidation.ask("q"))
    assert await revalidation.ask("r") == Found()
    assert len(portal.asked) == 1
    portal.answers["/a.js"] = page("b()", etag='"2"')
    clock.forward(seconds=61)
    assert [(await revalidation.ask(name)).word for name in ("p", "q", "r")] == ["changed"] * 3
    assert len(portal.asked) == 2
    assert revalidation.asked == 2


async def test_a_thing_that_is_restless_is_not_asked_for(
    portal: Portal, made: Made, revalidation: Revalidation
) -> None:
    made.of["p"] = (Material(portal.url("/gone"), "script", TAG, restless=3),)
    assert await revalidation.ask("p") == Found()
    assert portal.asked == []


async def test_a_thing_that_does_not_come_says_nothing_and_one_that_is_gone_does(
    portal: Portal, made: Made, http: HttpFetcher, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("defacewatch.revalidation.WITHIN", timedelta(milliseconds=100))
    revalidation = Revalidation(http, made, clock=clock, fresh=timedelta(0))
    portal.answers["/tarpit"] = silence
    made.of["p"] = (Material(portal.url("/tarpit"), "script", TAG),)
    assert await revalidation.ask("p") == Found()
    made.of["p"] = (Material(portal.url("/gone"), "script", TAG),)
    assert (await revalidation.ask("p")).word == "changed"


async def test_a_round_that_slow_things_have_used_up_is_cut_and_the_next_one_goes_on_behind_them(
    portal: Portal, made: Made, revalidation: Revalidation, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("defacewatch.revalidation.WITHIN", timedelta(milliseconds=150))
    monkeypatch.setattr("defacewatch.revalidation.WHOLE", 0.4)
    slow = [f"/tarpit{number}" for number in range(4)]
    portal.answers |= dict.fromkeys(slow, silence)
    portal.answers["/tail.js"] = page("evil", etag='"2"')
    made.of["p"] = tuple(Material(portal.url(path), "script", TAG) for path in (*slow, "/tail.js"))
    found = await revalidation.ask("p")
    assert (found, found.word) == (Found(cut=True), "cut")
    assert "/tail.js" not in [asked.path for asked in portal.asked]
    clock.forward(minutes=8)
    found = await revalidation.ask("p")
    assert [thing.url for thing in found.changed] == [portal.url("/tail.js")]


async def test_things_that_did_not_come_in_time_have_their_turn_behind_the_others(
    portal: Portal, made: Made, revalidation: Revalidation, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("defacewatch.revalidation.WITHIN", timedelta(milliseconds=300))
    portal.answers |= {"/slow.js": silence, "/a.js": page("a()", etag=TAG), "/b.js": page("b()", etag=TAG)}
    paths = ["/slow.js", "/a.js", "/b.js"]
    made.of["p"] = tuple(Material(portal.url(path), "script", TAG) for path in paths)
    for _ in range(2):
        assert await revalidation.ask("p") == Found()
        clock.forward(minutes=8)
    assert [asked.path for asked in portal.asked] == [*paths, "/a.js", "/b.js", "/slow.js"]


async def test_what_another_page_has_just_found_does_not_wait_behind_slow_things(
    portal: Portal, made: Made, revalidation: Revalidation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("defacewatch.revalidation.WHOLE", 0.2)
    portal.answers |= {"/slow.js": silence, "/shared.js": page("evil", etag='"2"')}
    shared = Material(portal.url("/shared.js"), "script", TAG)
    made.of["p"] = (shared,)
    made.of["q"] = (Material(portal.url("/slow.js"), "script", TAG), shared)
    assert [(await revalidation.ask(name)).word for name in ("p", "q")] == ["changed"] * 2


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


async def test_what_was_not_asked_for_in_a_day_is_forgotten(
    portal: Portal, made: Made, revalidation: Revalidation, clock: Clock
) -> None:
    for version in range(5):
        portal.answers[f"/{version}.css"] = page("a {}", etag=TAG)
        made.of["p"] = (Material(portal.url(f"/{version}.css"), "stylesheet", TAG),)
        await revalidation.ask("p")
        clock.forward(hours=11)
    kept = [material.url for material in revalidation._answers]
    assert kept == [portal.url(f"/{version}.css") for version in (2, 3, 4)]


async def test_answers_from_before_the_clock_was_set_back_are_asked_for_again(
    portal: Portal, made: Made, revalidation: Revalidation, clock: Clock
) -> None:
    portal.answers["/a.css"] = page("a {}", etag=TAG)
    made.of["p"] = (Material(portal.url("/a.css"), "stylesheet", TAG),)
    await revalidation.ask("p")
    clock.now -= timedelta(hours=7)
    portal.answers["/a.css"] = page("b {}", etag='"2"')
    assert (await revalidation.ask("p")).word == "changed"
