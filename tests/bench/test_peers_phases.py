"""The way of a monitor through the phases of the comparison."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from bench.peers.costs import Measured
from bench.peers.pages import Pages
from bench.peers.phases import Course
from bench.peers.receiver import Receiver
from bench.peers.trees import Peak
from bench.scale.attacks import Kind
from bench.scale.farmhand import Farmer, Field
from bench.scale.mirrored import PROJECTS

UNCHANGED, CHANGED = 1.0, 5.0  # CPU seconds of a look of the monitor below
FIELDS = (
    Field(0, "http://127.20.0.1:1/", "xã 0", frozenset(Kind)),
    Field(1, "http://127.20.0.2:1/", "xã 1", frozenset(Kind)),
    Field(2, "http://127.20.0.3:1/", PROJECTS[0], frozenset(Kind)),  # served as it is
)


class LittleFarm:
    """The farm's control port, and the texts of its pages."""

    def __init__(self) -> None:
        self.moving = False
        self.looks = 0
        self.defaced: set[int] = set()
        self.counts = dict.fromkeys(range(len(FIELDS)), 0)

    def text(self, field: Field) -> str:
        """What a page says to this look at it."""
        self.counts[field.number] += 1
        self.looks += 1
        if field.number in self.defaced:
            return "defaced"
        return str(self.looks) if self.moving and field.name not in PROJECTS else "as ever"

    async def begin(self, request: web.Request) -> web.Response:
        self.moving = bool((await request.json())["update_every"])
        self.counts = dict.fromkeys(self.counts, 0)
        return web.json_response({})

    async def deface(self, request: web.Request) -> web.Response:
        told = await request.json()
        self.defaced |= set(told["pages"])
        return web.json_response(
            [{"number": n, "kind": told["kind"], "at": time.time()} for n in told["pages"]]
        )

    async def restore(self, request: web.Request) -> web.Response:
        self.defaced -= set((await request.json())["pages"])
        return web.json_response({})

    async def counted(self, request: web.Request) -> web.Response:
        pages = {str(n): {"probes": count, "browsers": 0} for n, count in self.counts.items()}
        return web.json_response({"pages": pages})


class Watcher:
    """A monitor that looks at every page once a round, and again and again while it watches."""

    batch = True

    def __init__(self, farm: LittleFarm) -> None:
        self.farm = farm
        self.peak = Peak()
        self.spent = 0.0
        self.known: dict[int, str] = {}

    async def begin(self, pages: Pages, receiver: Receiver) -> None:
        self.pages, self.receiver = pages, receiver

    def cpu(self) -> float:
        return self.spent

    async def round(self, least: float) -> None:
        async with aiohttp.ClientSession() as client:
            for field in self.pages.fields:
                text = self.farm.text(field)
                was, self.known[field.number] = self.known.get(field.number, text), text
                self.spent += UNCHANGED if text == was else CHANGED
                if text != was:
                    await client.post(self.receiver.url, data=field.url.encode())

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        async def again() -> None:
            while True:
                await self.round(0.0)

        task = asyncio.create_task(again())
        yield
        task.cancel()

    async def failures(self) -> list[str]:
        return ["it cannot read page 2"]

    async def end(self) -> list[str]:
        return ["4711 chrome"]


@pytest.fixture
async def farm() -> AsyncIterator[tuple[LittleFarm, Pages, Receiver]]:
    little = LittleFarm()
    app = web.Application()
    app.router.add_post("/begin", little.begin)
    app.router.add_post("/deface", little.deface)
    app.router.add_post("/restore", little.restore)
    app.router.add_get("/counts", little.counted)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as client, Receiver() as receiver:
        yield little, Pages(Farmer(client, runner.addresses[0][1]), FIELDS), receiver
    await runner.cleanup()


async def measured(pages: Pages, receiver: Receiver, monitor: Watcher, *, rounds: int = 1) -> Measured:
    found = Measured("the watcher", len(FIELDS), "", batch=True)
    await Course(pages, receiver, rounds, 1, lambda line: None, quiet=0.1, span=0.3).run(monitor, found)
    return found


async def test_looks_at_what_stood_still_and_at_what_moved_are_told_apart(
    farm: tuple[LittleFarm, Pages, Receiver],
) -> None:
    little, pages, receiver = farm
    found = await measured(pages, receiver, Watcher(little), rounds=2)
    assert found.unchanged_check == pytest.approx(UNCHANGED)
    assert found.changed_check == pytest.approx(CHANGED)
    assert [spell.moved for spell in found.changed] == [4, 4]  # two pages, there and back


async def test_every_defacement_is_timed_until_it_is_told(farm: tuple[LittleFarm, Pages, Receiver]) -> None:
    little, pages, receiver = farm
    found = await measured(pages, receiver, Watcher(little))
    assert (len(found.waits), found.untold) == (3, 0)
    assert all(0.0 <= wait < 30.0 for wait in found.waits)
    assert not little.defaced


async def test_what_went_wrong_is_a_remark(farm: tuple[LittleFarm, Pages, Receiver]) -> None:
    little, pages, receiver = farm
    found = await measured(pages, receiver, Watcher(little))
    assert found.remarks == ["it says: it cannot read page 2", "left behind: 4711 chrome"]
