"""Listening for the application, with a bound on what strangers can hold open."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.typedefs import Handler

MOST = 200  # open connections; a reverse proxy and a wall of screens need some dozens
FIRST = 10.0  # seconds until a new connection has sent the head of a request
IDLE = 75.0  # seconds a connection is kept between requests: longer than reverse proxies keep theirs


@asynccontextmanager
async def listening(
    app: web.Application, host: str, port: int, *, most: int = MOST, first: float = FIRST
) -> AsyncIterator[tuple[str, int]]:
    """Serve `app` at `host` and `port` while entered; gives the address that was bound. Raises OSError.

    At most `most` connections are open at once. One more takes the place of the one that has been idle for
    longest; while all are busy it is refused. One without a request after `first` seconds is closed.
    """
    door = Door(most, first)
    app.middlewares.insert(0, door.pass_through)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0, keepalive_timeout=IDLE)
    await runner.setup()
    try:
        serve = runner.server
        assert serve is not None
        server = await asyncio.get_running_loop().create_server(lambda: Entry(serve, door), host, port)
        try:
            name = server.sockets[0].getsockname()
            yield str(name[0]), int(name[1])
        finally:
            server.close()
    finally:
        await runner.cleanup()


class Door:
    """The connections that are open: the idle ones, longest idle first, and those with a request."""

    def __init__(self, most: int, first: float) -> None:
        self.most, self.first = most, first
        self.idle: dict[asyncio.BaseTransport, None] = {}
        self.busy: set[asyncio.BaseTransport] = set()
        self._deadlines: dict[asyncio.BaseTransport, asyncio.TimerHandle] = {}

    def enter(self, transport: asyncio.Transport) -> bool:
        """Let a new connection in, if need be in place of an idle one; False when all are busy."""
        if len(self.idle) + len(self.busy) >= self.most:
            oldest = next(iter(self.idle), None)
            if oldest is None:
                return False
            self._end(oldest)
        self.idle[transport] = None
        loop = asyncio.get_running_loop()
        self._deadlines[transport] = loop.call_later(self.first, self._end, transport)
        return True

    def leave(self, transport: asyncio.BaseTransport) -> None:
        """Forget a connection that is lost."""
        self.idle.pop(transport, None)
        self.busy.discard(transport)
        if (deadline := self._deadlines.pop(transport, None)) is not None:
            deadline.cancel()

    @web.middleware
    async def pass_through(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Count a connection as busy while its request is handled."""
        transport = request.transport
        if transport is None or transport not in self.idle:  # it was lost before the request was read
            return await handler(request)
        self.leave(transport)
        self.busy.add(transport)
        try:
            return await handler(request)
        finally:
            if transport in self.busy:
                self.busy.discard(transport)
                self.idle[transport] = None

    def _end(self, transport: asyncio.BaseTransport) -> None:
        """Drop a connection at once, with what its peer has not read: that could take for ever."""
        self.leave(transport)
        if isinstance(transport, asyncio.Transport):
            transport.abort()


class Entry(asyncio.Protocol):
    """One connection: told to the door, and handed to the server's own protocol when that lets it in."""

    def __init__(self, serve: Callable[[], asyncio.Protocol], door: Door) -> None:
        self._serve, self._door = serve, door
        self._inner: asyncio.Protocol | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        if not self._door.enter(transport):
            transport.abort()
            return
        self._transport, self._inner = transport, self._serve()
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._inner is not None:
            self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received() if self._inner is not None else None

    def pause_writing(self) -> None:
        if self._inner is not None:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        if self._inner is not None:
            self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._inner is not None and self._transport is not None:
            self._door.leave(self._transport)
            self._inner.connection_lost(exc)
