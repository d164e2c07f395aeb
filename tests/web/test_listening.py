"""The listener: what strangers can hold open is bounded, and people still get in."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from aiohttp import web

from defacewatch.web.listening import listening

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
SLOW = HEAD.replace(b"/ ", b"/slow ", 1)


class Listener:
    """An application with a page that answers, and one that waits for `go`."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self.stack, self.go, self.begun = stack, asyncio.Event(), asyncio.Semaphore(0)

    async def start(self, **limits: float) -> None:
        app = web.Application()
        app.add_routes([web.get("/", self._page), web.get("/slow", self._slow)])
        self.address = await self.stack.enter_async_context(
            listening(app, "127.0.0.1", 0, **limits)  # type: ignore[arg-type]
        )

    async def connect(self, sent: bytes = b"") -> Streams:
        reader, writer = await asyncio.open_connection(*self.address)
        self.stack.push_async_callback(_close, writer)
        writer.write(sent)
        return reader, writer

    async def _page(self, request: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def _slow(self, request: web.Request) -> web.Response:
        self.begun.release()
        await self.go.wait()
        return web.Response(text="at last")


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    await asyncio.gather(writer.wait_closed(), return_exceptions=True)


async def ended(streams: Streams) -> bool:
    """Wait until the other side closes; what it sent before is thrown away."""
    try:
        async with asyncio.timeout(10):
            await streams[0].read()
    except ConnectionResetError:
        pass
    return True


async def answer(streams: Streams) -> bytes:
    """Ask on an open connection that is kept."""
    async with asyncio.timeout(10):
        head = await streams[0].readuntil(b"\r\n\r\n")
        body = b"at last" if b"Content-Length: 7" in head else b"ok"
        assert await streams[0].readexactly(len(body)) == body
        return head


Make = Callable[..., Awaitable[Listener]]


@pytest.fixture
async def listen() -> AsyncIterator[Make]:
    async with AsyncExitStack() as stack:

        async def made(**limits: float) -> Listener:
            listener = Listener(stack)
            await listener.start(**limits)
            return listener

        yield made


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "])
async def test_a_connection_that_asks_for_nothing_is_closed(listen: Make, sent: bytes) -> None:
    listener = await listen(first=0.05)
    assert await ended(await listener.connect(sent))


async def test_a_connection_that_has_asked_is_kept_and_may_take_its_time(listen: Make) -> None:
    listener = await listen(first=0.05)
    kept, slow = await listener.connect(HEAD), await listener.connect(SLOW)
    assert b"200" in await answer(kept)
    assert await ended(await listener.connect())  # by now the time for a first request is over
    listener.go.set()
    assert b"200" in await answer(slow)
    kept[1].write(HEAD)
    assert b"200" in await answer(kept)


async def test_one_connection_too_many_takes_the_place_of_the_longest_idle(listen: Make) -> None:
    listener = await listen(most=3)
    first, second, third = [await listener.connect() for _ in range(3)]
    for streams in (first, second, third):  # each is let in, in this order
        streams[1].write(HEAD)
        await answer(streams)
    fourth = await listener.connect(HEAD)
    assert b"200" in await answer(fourth)
    assert await ended(first)
    for streams in (second, third, fourth):
        streams[1].write(HEAD)
        assert b"200" in await answer(streams)


async def test_while_all_are_busy_one_more_is_refused_and_none_is_cut_off(listen: Make) -> None:
    listener = await listen(most=2)
    busy = [await listener.connect(SLOW) for _ in range(2)]
    for _ in busy:
        await listener.begun.acquire()
    assert await ended(await listener.connect(HEAD))
    listener.go.set()
    for streams in busy:
        assert b"200" in await answer(streams)
    assert b"200" in await answer(await listener.connect(HEAD))


async def test_connections_that_were_closed_leave_their_place(listen: Make) -> None:
    listener = await listen(most=2)
    last = HEAD.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    kept = await listener.connect(HEAD)
    await answer(kept)
    for _ in range(10):
        gone = await listener.connect(last)
        assert await ended(gone)
        await _close(gone[1])
    kept[1].write(HEAD)
    assert b"200" in await answer(kept)


async def test_a_port_that_is_taken_is_said(listen: Make) -> None:
    taken = (await listen()).address
    with pytest.raises(OSError, match="address already in use"):
        async with listening(web.Application(), *taken):
            pass
