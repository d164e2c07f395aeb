"""The farm as a server: HTTP/1.1 with keep-alive, by hand, since a framework would cost more than the answer.

One listener on all addresses: which portal is meant is the address that was dialled. Clients are ours (the
daemon and its browser), so requests without a body are all that is understood.
"""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

from bench.scale.farm import Answer, Farm, Request
from bench.scale.layout import Trouble

MEDIAN, SIGMA, LONGEST = 0.06, 0.6, 2.0  # seconds; log-normal, as answers of web servers are
BACKLOG = 4096
IDLE = 75.0  # seconds after which an unused connection is closed, as nginx does
LARGEST_HEAD = 65536  # bytes
FOR_EVER = 3600.0  # seconds that a silent host keeps a connection: longer than any client waits
DRIPPED = 60_000  # bytes that a dripping host promises
_REASONS = {200: b"OK", 304: b"Not Modified", 404: b"Not Found", 503: b"Service Unavailable"}


class Latency:
    """How long answers take (seconds); 0 where there is no delay."""

    def __init__(self, seed: int, *, median: float = MEDIAN) -> None:
        self.dice, self.median = Random(seed), median

    def draw(self) -> float:
        if not self.median:
            return 0.0
        return min(LONGEST, self.dice.lognormvariate(math.log(self.median), SIGMA))


class Connection(asyncio.Protocol):
    """One client's connection: one request after the other, each answered after its delay."""

    def __init__(self, farm: Farm, latency: Latency, connections: set["Connection"]) -> None:
        self.farm, self.latency, self.connections = farm, latency, connections
        self.transport: asyncio.Transport | None = None
        self.host = ""
        self.buffer = b""
        self.pending: asyncio.TimerHandle | None = None
        self.used_at = 0.0
        self.counted: int | None = None  # the portal with whose probe this is busy
        self.loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.host = transport.get_extra_info("sockname")[0]
        self.used_at = self.loop.time()
        self.connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self.connections.discard(self)
        self.transport = None
        if self.pending is not None:
            self.pending.cancel()
            self.pending = None
        self._done()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if len(self.buffer) > LARGEST_HEAD and self.transport is not None:
            self.transport.abort()
        elif self.pending is None:
            self._next()

    def close_if_idle(self, now: float) -> None:
        if self.pending is None and now - self.used_at > IDLE and self.transport is not None:
            self.transport.close()

    def _next(self) -> None:
        """Begin the next request, if it is there."""
        head, found, rest = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return
        self.buffer = rest
        trouble = self.farm.trouble(self.host)
        request = _parsed(self.host, head)
        self._count(request)
        if trouble is Trouble.SILENT:
            self.pending = self.loop.call_later(FOR_EVER, self._give_up)
        elif trouble is Trouble.DRIPPING:
            self._begin_dripping()
        else:
            self.pending = self.loop.call_later(self.latency.draw(), self._send, request, head)

    def _send(self, request: Request, head: bytes) -> None:
        """The answer is made when it is sent: what it says is the farm of that moment."""
        self.pending = None
        if self.transport is None:
            return
        self._done()
        answer = self.farm.answer(request)
        self.transport.write(_written(answer, bodiless=head.startswith(b"HEAD ")))
        self.used_at = self.loop.time()
        if self.buffer:
            self._next()

    def _give_up(self) -> None:
        if self.transport is not None:
            self.transport.abort()

    def _begin_dripping(self) -> None:
        if self.transport is not None:
            head = f"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {DRIPPED}\r\n\r\n"
            self.transport.write(head.encode())
            self._drip()

    def _drip(self) -> None:
        if self.transport is not None:
            self.transport.write(b" ")
            self.pending = self.loop.call_later(1.0, self._drip)

    def _count(self, request: Request) -> None:
        place = self.farm.places.get(self.host)
        if place is None or request.by_browser:
            return
        counts = self.farm.counts[place.number]
        self.counted = place.number
        counts.under_way += 1
        counts.most = max(counts.most, counts.under_way)

    def _done(self) -> None:
        if self.counted is not None:
            self.farm.counts[self.counted].under_way -= 1
            self.counted = None


def _parsed(host: str, head: bytes) -> Request:
    """A request's head. What cannot be read is a request for nothing."""
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ")
    target = words[1] if len(words) == 3 else ""
    if "://" in target:  # as a proxy is asked
        target = "/" + target.partition("://")[2].partition("/")[2]
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return Request(host, target, headers)


def _written(answer: Answer, *, bodiless: bool) -> bytes:
    status = b"HTTP/1.1 %d %s\r\n" % (answer.status, _REASONS[answer.status])
    if answer.status == 304:
        return status + answer.head + b"\r\n"
    head = status + answer.head + b"content-length: %d\r\n\r\n" % len(answer.body)
    return head if bodiless else head + answer.body


class Server:
    """The farm's listeners: those on the port, and those on the one after it, whose hosts can die."""

    def __init__(self, farm: Farm, latency: Latency) -> None:
        self.farm, self.latency = farm, latency
        self.connections: set[Connection] = set()
        self.mortal: asyncio.Server | None = None
        self.others: asyncio.Server | None = None

    async def start(self) -> None:
        """Raises OSError where a port is taken."""
        self.others = await self._listen(self.farm.layout.port)
        await self.settle()

    async def settle(self) -> None:
        """Let the hosts that are to be dead refuse connections, and those that are not accept them."""
        dead = Trouble.DEAD in self.farm.troubled
        if dead and self.mortal is not None:
            self.mortal.close()
            self.mortal = None
            for connection in list(self.connections):
                place = self.farm.places.get(connection.host)
                if place is not None and place.trouble is Trouble.DEAD and connection.transport is not None:
                    connection.transport.abort()
        elif not dead and self.mortal is None:
            self.mortal = await self._listen(self.farm.layout.port + 1)

    async def sweep(self) -> None:
        """Close connections that nobody uses, for ever."""
        while True:
            await asyncio.sleep(IDLE / 10)
            now = asyncio.get_running_loop().time()
            for connection in list(self.connections):
                connection.close_if_idle(now)

    async def stop(self) -> None:
        for server in (self.mortal, self.others):
            if server is not None:
                server.close()
        for connection in list(self.connections):
            if connection.transport is not None:
                connection.transport.abort()

    async def _listen(self, port: int) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(
            lambda: Connection(self.farm, self.latency, self.connections), "0.0.0.0", port, backlog=BACKLOG
        )


@asynccontextmanager
async def served(farm: Farm, latency: Latency) -> AsyncIterator[Server]:
    """The farm, listening until the end of the block. Raises OSError where a port is taken."""
    server = Server(farm, latency)
    sweeping = asyncio.create_task(server.sweep())
    try:
        await server.start()
        yield server
    finally:
        sweeping.cancel()
        await server.stop()
