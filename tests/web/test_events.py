"""News of the wall, as they happen."""

import asyncio
import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from defacewatch.accounts import Role
from defacewatch.errors import StoreError
from defacewatch.store import Store
from defacewatch.store.wall import WallPage
from defacewatch.web import events, live
from defacewatch.web.console import Visitor
from defacewatch.web.front import Front
from defacewatch.web.live import STREAMS, Live
from tests.conftest import Clock
from tests.store.samples import CHANGED, CLEAN, DEFACED
from tests.web.conftest import Client, Serve, sign_in
from tests.web.people import ME, log_in, person
from tests.web.seeds import HOSTILE, MINUTE, NOW, attacked, checked, portal

Reader = aiohttp.ClientResponse


@dataclass(frozen=True)
class News:
    kind: str
    mark: str
    data: Any


@pytest.fixture
async def reader(serve: Serve) -> Client:
    client = await serve(pulse=0.02)
    await sign_in(client)
    return client


async def mark_of(reader: Client, path: str = "/") -> str:
    found = re.search(r'data-mark="([^"]+)"', await (await reader.get(path)).text())
    assert found is not None
    return found[1]


async def next_of(stream: Reader, *kinds: str) -> News:
    """The next news of one of these kinds."""
    async with asyncio.timeout(10):
        while True:
            said: dict[str, str] = {}
            while line := (await stream.content.readline()).decode().rstrip("\n"):
                name, _, value = line.partition(": ")
                said[name] = value
            if said.get("event") in kinds:
                return News(said["event"], said.get("id", ""), json.loads(said["data"]))


class Broken:
    """A database that nothing can be read from."""

    async def read(self, _: object) -> None:
        raise StoreError("the database is damaged")

    def reading(self) -> Any:
        raise StoreError("the database is damaged")


async def two(store: Store) -> dict[str, str]:
    await store.portals.apply([portal("a"), portal("b")], now=NOW)
    found = {p.key: p.pages[0].id for p in await store.portals.all()}
    for page in found.values():
        await checked(store, page, CLEAN)
    return found


async def test_a_tile_that_changes_is_sent_alone_as_the_page_would_show_it(
    reader: Client, store: Store
) -> None:
    pages = await two(store)
    async with reader.get(f"/events?since={await mark_of(reader)}") as stream:
        assert stream.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert "default-src 'none'" in stream.headers["Content-Security-Policy"]
        await next_of(stream, "ages")
        await checked(store, pages["b"], DEFACED, NOW + MINUTE)
        # the first look at the wall may come only now, and say that both are well
        while "t-b" not in (news := await next_of(stream, "change", "stale")).data["seats"]:
            assert news.data["order"] == ["t-a", "t-b"]
        assert news.data["order"] == ["t-b", "t-a"]
        assert list(news.data["seats"]) == ["t-b"]
        assert "A page may have been attacked" in news.data["parts"]["front"]
        assert "(1)" in news.data["title"]
        whole = await (await reader.get("/")).text()
        assert news.data["seats"]["t-b"].strip() in whole
        assert news.mark == await mark_of(reader)


async def test_that_pages_were_looked_at_again_is_told_in_few_bytes(
    reader: Client, store: Store, clock: Clock
) -> None:
    pages = await two(store)
    async with reader.get(f"/events?since={await mark_of(reader)}") as stream:
        first = await next_of(stream, "ages", "change")
        assert first.data["ages"]["t-a"][0] == int(NOW.timestamp())
        await checked(store, pages["a"], CLEAN, NOW + MINUTE)
        while not (news := await next_of(stream, "ages", "change")).data.get("ages"):
            assert news.kind == "ages"
        assert news.data["ages"] == {"t-a": [int((NOW + MINUTE).timestamp()), None]}
        clock.now = NOW + 12 * MINUTE
        while not (news := await next_of(stream, "ages")).data["late"]:
            pass
        assert news.data["late"] == ["t-a", "t-b"]


async def test_that_another_capture_is_the_oldest_is_told_in_few_bytes(reader: Client, store: Store) -> None:
    pages = await two(store)
    for name, at in (("a", NOW + MINUTE), ("b", NOW + 2 * MINUTE)):
        await checked(store, pages[name], CLEAN, at, mark="a")
    async with reader.get(f"/events?since={await mark_of(reader)}") as stream:
        first = await next_of(stream, "ages", "change")
        assert (first.kind, first.data["oldest"]) == ("ages", int((NOW + MINUTE).timestamp()))
        await checked(store, pages["a"], CLEAN, NOW + 3 * MINUTE, mark="a")
        while (news := await next_of(stream, "ages", "change")).data["oldest"] == first.data["oldest"]:
            pass
        assert (news.kind, news.data["oldest"]) == ("ages", int((NOW + 2 * MINUTE).timestamp()))


async def test_who_was_cut_off_hears_what_was_missed(reader: Client, store: Store) -> None:
    pages = await two(store)
    mark = await mark_of(reader)
    await checked(store, pages["a"], CHANGED, NOW + MINUTE)
    async with reader.get("/events", headers={"Last-Event-ID": mark}) as stream:
        news = await next_of(stream, "change", "stale")
        assert list(news.data["seats"]) == ["t-a"]
    async with reader.get("/events", headers={"Last-Event-ID": news.mark}) as stream:
        assert (await next_of(stream, "change", "stale", "ages")).kind == "ages"


@pytest.mark.parametrize("mark", ["", "00000000-1", "x", "-", "ffffffff-²", "99999999999999999999-9"])
async def test_who_knows_nothing_of_us_is_to_load_the_page(reader: Client, store: Store, mark: str) -> None:
    await two(store)
    async with reader.get(f"/events?since={mark}") as stream:
        assert (await next_of(stream, "change", "stale")).kind == "stale"


async def test_only_what_the_filters_show_is_sent(reader: Client, store: Store) -> None:
    pages = await two(store)
    async with reader.get(f"/events?view=rows&q=b.gov.vn&since={await mark_of(reader)}") as stream:
        await next_of(stream, "ages")
        await checked(store, pages["a"], DEFACED, NOW + MINUTE)
        news = await next_of(stream, "change")
        assert (news.data["order"], news.data["seats"]) == ([f"r-{pages['b']}"], {})
        assert "A page may have been attacked" in news.data["parts"]["front"]


async def test_silence_is_told_from_a_connection_that_is_lost(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "BEAT", 0.02)
    client = await serve(pulse=3600.0)
    await sign_in(client)
    async with client.get("/events") as stream:
        await next_of(stream, "beat")
        assert (await next_of(stream, "beat", "blind")).kind == "beat"
        monkeypatch.setattr(live, "LATELY", 0.0)  # looks that take this long are no longer all right
        await next_of(stream, "blind")
        assert (await next_of(stream, "beat", "blind")).kind == "blind"


async def test_that_the_store_cannot_be_read_is_told_and_that_it_can_be_again(
    reader: Client, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await two(store)
    async with reader.get(f"/events?since={await mark_of(reader)}") as stream:
        await next_of(stream, "ages")
        with monkeypatch.context() as broken:
            broken.setattr(store.wall, "engine", Broken())
            await next_of(stream, "blind")
            assert (await next_of(stream, "ages", "beat", "change", "blind")).kind == "blind"
            async with reader.get("/events") as another:
                assert (await next_of(another, "ages", "stale", "blind")).kind == "blind"
        await next_of(stream, "ages")


async def test_who_is_signed_in_by_name_is_told_as_well_that_the_store_cannot_be_read(
    serve: Serve, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "BEAT", 0.02)
    await two(store)
    await person(store, "an", Role.OFFICER)
    client = await serve(pulse=0.02)
    await log_in(client, "an")
    async with client.get("/events") as stream:
        await next_of(stream, "ages")
        with monkeypatch.context() as broken:
            broken.setattr(store.wall, "engine", Broken())
            broken.setattr(store.sessions, "engine", Broken())
            for _ in range(3):
                assert (await next_of(stream, "blind", "beat", "change")).kind == "blind"
        await next_of(stream, "ages")


async def test_a_stream_ends_in_time_so_that_its_reader_is_asked_again_who_he_is(
    reader: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "LASTS", 0.1)
    async with reader.get("/events") as stream, asyncio.timeout(10):
        assert b"retry: 3000" in await stream.read()


def test_a_stream_lasts_no_longer_than_its_session_and_asks_in_time_where_that_keeps_its_reader_in() -> None:
    for role, left, seconds in (
        (Role.OFFICER, 240, 240),
        (Role.VIEWER, 240, 120),
        (Role.ADMIN, 3600, 600),
        (Role.VIEWER, 3600, 600),
    ):
        visitor = Visitor(role, "", until=NOW + timedelta(seconds=left))
        assert events.lasts(visitor, NOW) == seconds
    assert events.lasts(Visitor(Role.VIEWER, ""), NOW) == 600


async def test_nobody_hears_anything_after_their_session_has_ended(
    client: Client, store: Store, clock: Clock
) -> None:
    await person(store)
    await log_in(client, "an")
    clock.forward(seconds=3599.8)
    async with client.get("/events") as stream, asyncio.timeout(10):
        assert b"retry: 3000" in await stream.read()
    clock.forward(seconds=0.2)
    answer = await client.get("/events", allow_redirects=False)
    assert answer.headers["Location"] == "/login?next=/&ended=1"


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OFFICER])
@pytest.mark.parametrize("what", ["ended", "disabled", "password", "role"])
@pytest.mark.parametrize("pulse", [3600.0, 0.005])
async def test_a_stream_ends_with_a_session_that_is_ended_by_hand(
    serve: Serve, store: Store, monkeypatch: pytest.MonkeyPatch, role: Role, what: str, pulse: float
) -> None:
    monkeypatch.setattr(events, "BEAT", 0.02)
    account = await person(store, "an", role)
    client = await serve(pulse=pulse)
    await log_in(client, "an")
    async with client.get("/events") as stream:
        for _ in range(3):
            await next_of(stream, "beat", "ages")
        if what == "ended":
            await store.sessions.end(account, actor=ME, now=NOW)
        elif what == "password":
            await store.accounts.set_password(account.id, "x", actor=ME, now=NOW)
        elif what == "disabled":
            await store.accounts.change(account.id, disabled=True, actor=ME, now=NOW)
        else:
            await store.accounts.change(account.id, role=Role.APPROVER.value, actor=ME, now=NOW)
        async with asyncio.timeout(10):
            await stream.read()


async def test_only_so_many_watch_at_once_and_their_places_become_free(reader: Client) -> None:
    streams = [await reader.get("/events") for _ in range(STREAMS)]
    refused = await reader.get("/events")
    assert (refused.status, refused.headers["Retry-After"]) == (503, "30")
    for stream in streams:
        stream.close()
    async with asyncio.timeout(10):
        while (answer := await reader.get("/events")).status == 503:
            pass
    assert answer.status == 200


async def test_nobody_hears_anything_without_a_token(client: Client) -> None:
    answer = await client.get("/events", allow_redirects=False)
    assert answer.status == 303


async def test_what_a_page_says_of_itself_is_text_in_the_news_as_well(reader: Client, store: Store) -> None:
    await two(store)
    async with reader.get(f"/events?since={await mark_of(reader)}") as stream:
        await next_of(stream, "ages")
        await attacked(store, "c", said=HOSTILE)
        said = ""
        while "alert(&#34;x&#34;)" not in said:
            said = "".join((await next_of(stream, "change")).data["parts"].values())
    assert "<img src=x" not in said
    assert "<script" not in said


class Looks:
    """Looks at the store that are counted; each shows another coverage."""

    def __init__(self) -> None:
        self.made = 0
        self.held: asyncio.Event | None = None
        self.begun, self.fourth = asyncio.Event(), asyncio.Event()

    async def __call__(self) -> tuple[tuple[WallPage, ...], Front]:
        self.made += 1
        self.begun.set()
        if self.made == 4:
            self.fourth.set()
        seen = Front(coverage=self.made / 1000)
        if self.held is not None:
            await self.held.wait()
        return (), seen


async def test_who_opens_the_wall_sees_it_as_who_watches_it_does_and_what_was_done_at_once() -> None:
    looks = Looks()
    wall = Live(looks, pulse=3600.0, reuse=60.0)
    first = await wall.recent()
    assert await wall.recent() is first
    assert (await wall.look()).front != first.front, "who asks for now gets now"
    wall.forget()
    assert (await wall.recent()).front.coverage == 0.003
    await wall.end(web.Application())


async def test_what_was_read_while_something_was_done_is_shown_to_nobody_later() -> None:
    looks = Looks()
    wall = Live(looks, pulse=3600.0, reuse=60.0)
    looks.held = asyncio.Event()
    reading = asyncio.create_task(wall.recent())
    await asyncio.wait_for(looks.begun.wait(), 10)
    wall.forget()
    looks.held.set()
    await reading
    assert (await wall.recent()).front.coverage == 0.002
    await wall.end(web.Application())


async def test_a_look_that_began_after_somebody_asked_will_do_however_long_it_takes() -> None:
    looks = Looks()
    wall = Live(looks, pulse=3600.0, reuse=0.01)
    looks.held = asyncio.Event()
    first = asyncio.create_task(wall.recent())
    await asyncio.wait_for(looks.begun.wait(), 10)
    others = [asyncio.create_task(wall.recent()) for _ in range(2)]
    await asyncio.sleep(0.05)  # both ask while the first look is on its way, longer than one may be reused
    looks.held.set()
    seen = await asyncio.gather(first, *others)
    assert looks.made == 2, "one look serves both who asked after the first had begun"
    assert seen[1] is seen[2] is not seen[0]
    await wall.end(web.Application())


async def test_at_the_end_no_look_is_begun_ahead() -> None:
    looks = Looks()
    wall = Live(looks, pulse=0.02, reuse=60.0)
    await wall.recent()
    ahead = wall._pulsing
    assert ahead is not None
    await wall.end(web.Application())
    await asyncio.wait([ahead], timeout=10)
    await wall.recent()
    assert wall._pulsing is ahead, "and who asks once more begins none"
    assert ahead.done()


async def test_looks_are_made_ahead_while_somebody_asks_for_them_and_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("defacewatch.web.live.LINGERS", 0.2)
    looks = Looks()
    wall = Live(looks, pulse=0.02, reuse=60.0)
    await wall.recent()
    async with asyncio.timeout(10):
        await looks.fourth.wait()
        assert wall._pulsing is not None
        await wall._pulsing
    await wall.recent()
    assert not wall._pulsing.done(), "and again"
    await wall.end(web.Application())
