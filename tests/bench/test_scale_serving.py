"""The farm over sockets: connections that stay, hosts that never answer, drip, or are dead."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress

import aiohttp
import pytest

from bench.scale.farm import Farm
from bench.scale.generated import looks
from bench.scale.layout import Layout, Place, Trouble
from bench.scale.looks import Look
from bench.scale.serving import Latency, Server, served
from defacewatch.demo.stage import free_port

SIZE = 60
SHORT = aiohttp.ClientTimeout(total=0.3)


@pytest.fixture(scope="module")
def two() -> list[Look]:
    return looks(2, seed=4, supplier_port=1)


@pytest.fixture
async def server(two: list[Look]) -> AsyncIterator[Server]:
    """A farm of some pages, on whichever two ports in a row are free."""
    while True:
        farm = Farm(Layout(SIZE, 4, free_port()), two * 20, time.time)
        try:
            async with served(farm, Latency(4, median=0.0)) as server:
                yield server
            return
        except OSError:
            continue


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as client:
        yield client


def place(server: Server, trouble: Trouble | None) -> Place:
    return next(p for p in server.farm.layout.places if p.trouble is trouble)


def url(server: Server, place: Place) -> str:
    return place.origin + server.farm.looks[place.look].path


async def test_many_requests_share_one_connection(server: Server, client: aiohttp.ClientSession) -> None:
    healthy = url(server, place(server, None))
    async with client.get(healthy) as first:
        etag = first.headers["etag"]
        assert len(await first.text()) > 50_000
    for _ in range(3):
        async with client.get(healthy, headers={"If-None-Match": etag}) as again:
            assert again.status == 304
    assert len(server.connections) == 1


async def test_portals_are_told_apart_by_their_addresses(
    server: Server, client: aiohttp.ClientSession
) -> None:
    for one in server.farm.layout.places[:4]:
        async with client.get(url(server, one)) as answer:
            assert answer.status == 200
        assert server.farm.counts[one.number].probes == 1


async def test_answers_take_their_time(server: Server, client: aiohttp.ClientSession) -> None:
    server.latency.median = 0.05
    began = time.monotonic()
    async with client.get(url(server, place(server, None))) as answer:
        await answer.read()
    assert time.monotonic() - began > 0.005


def test_latency_is_spread_around_its_median_and_bounded() -> None:
    latency = Latency(1)
    drawn = sorted(latency.draw() for _ in range(2001))
    assert drawn[1000] == pytest.approx(0.06, rel=0.15)
    assert drawn[-1] <= 2.0
    assert Latency(1, median=0.0).draw() == 0.0


async def test_a_silent_host_accepts_and_never_answers(server: Server, client: aiohttp.ClientSession) -> None:
    silent = place(server, Trouble.SILENT)
    server.farm.troubled = frozenset({Trouble.SILENT})
    with pytest.raises(TimeoutError):
        await client.get(url(server, silent), timeout=SHORT)
    async with client.get(url(server, place(server, None))) as answer:
        assert answer.status == 200


async def test_a_dripping_host_begins_and_does_not_end(server: Server, client: aiohttp.ClientSession) -> None:
    server.farm.troubled = frozenset({Trouble.DRIPPING})
    async with client.get(url(server, place(server, Trouble.DRIPPING))) as answer:
        assert answer.status == 200
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await answer.read()


async def test_a_dead_host_refuses_until_it_lives_again(
    server: Server, client: aiohttp.ClientSession
) -> None:
    dead = url(server, place(server, Trouble.DEAD))
    async with client.get(dead) as answer:
        assert answer.status == 200
    server.farm.troubled = frozenset({Trouble.DEAD})
    await server.settle()
    with pytest.raises(aiohttp.ClientConnectionError):
        await client.get(dead)
    server.farm.troubled = frozenset()
    await server.settle()
    async with client.get(dead) as answer:
        assert answer.status == 200


async def test_probes_of_one_host_at_once_are_counted(server: Server, client: aiohttp.ClientSession) -> None:
    one = place(server, None)
    server.latency.median = 0.05

    async def ask() -> None:
        async with client.get(url(server, one)) as answer:
            await answer.read()

    await asyncio.gather(ask(), ask(), ask())
    await ask()
    counts = server.farm.counts[one.number]
    assert (counts.most, counts.under_way) == (3, 0)


async def test_a_client_that_leaves_is_forgotten(server: Server) -> None:
    one = place(server, Trouble.SILENT)
    server.farm.troubled = frozenset({Trouble.SILENT})
    async with aiohttp.ClientSession(timeout=SHORT) as client:
        with pytest.raises(TimeoutError):
            await client.get(url(server, one))
    async with asyncio.timeout(5):
        while server.connections:  # noqa: ASYNC110 - the end of a connection is seen by the loop alone
            await asyncio.sleep(0)
    assert server.farm.counts[one.number].under_way == 0


async def test_a_request_that_comes_in_pieces_is_answered(server: Server) -> None:
    one = place(server, None)
    reader, writer = await asyncio.open_connection(one.host, one.port)
    path = server.farm.looks[one.look].path
    for piece in (f"GET {path} HT", "TP/1.1\r\nHost: x\r\n", "Accept: */*\r\n\r", "\n"):
        writer.write(piece.encode())
        await writer.drain()
        await asyncio.sleep(0)
    assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
    writer.close()
    await writer.wait_closed()


async def test_a_farm_whose_second_port_is_taken_leaves_the_first_one_free(two: list[Look]) -> None:
    async with held_pair() as port:
        farm = Farm(Layout(SIZE, 4, port), two * 20, time.time)
        with pytest.raises(OSError, match="address already in use"):
            async with served(farm, Latency(4, median=0.0)):
                pass
        with socket.socket() as again:
            again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            again.bind(("0.0.0.0", port))


@asynccontextmanager
async def held_pair() -> AsyncIterator[int]:
    """A free port whose next one is taken."""
    with ExitStack() as stack:
        while True:
            holder = stack.enter_context(socket.socket())
            holder.bind(("0.0.0.0", 0))
            port = int(holder.getsockname()[1]) - 1
            with suppress(OSError), socket.socket() as before:  # somebody else may have that one
                before.bind(("0.0.0.0", port))
                break
        holder.listen()
        yield port
