"""Two connections joined: bytes pass both ways, counted, until one side is done or both fall silent."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

_CHUNK = 64 * 1024  # bytes; as many may wait to be sent before we wait for the other side


@dataclass(frozen=True)
class Peer:
    """One end of a connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        """Write and wait until the other side keeps up. Raises OSError."""
        self.writer.write(data)
        await self.writer.drain()

    def put(self, data: bytes) -> bool:
        """Write without waiting; whether the other side keeps up, so that there is nothing to wait for."""
        self.writer.write(data)
        transport = self.writer.transport
        return not transport.is_closing() and transport.get_write_buffer_size() <= _CHUNK

    def end(self) -> None:
        """Say that nothing more will be sent."""
        with suppress(OSError, RuntimeError):
            self.writer.write_eof()

    async def finish(self, patience: float) -> None:
        """Close after what was written has left, or after `patience` seconds. Never raises OSError."""
        self.writer.close()
        try:
            async with asyncio.timeout(patience):
                await self.writer.wait_closed()
        except OSError:
            pass  # it is gone, which is all that was wanted
        finally:
            self.writer.transport.abort()

    async def drop(self) -> None:
        """Close at once. Never raises OSError."""
        self.writer.transport.abort()
        with suppress(OSError):
            await self.writer.wait_closed()


async def relay(
    client: Peer,
    upstream: Peer,
    *,
    idle: float,
    count: Callable[[int], None],
    before_answer: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Pass bytes both ways until `upstream` is done. `count` is told the size of each piece.

    `before_answer` runs while the client's bytes already pass, before the first byte of upstream's does.
    Raises what it raises, TimeoutError after `idle` seconds without a byte in either direction, and OSError
    when a side breaks. Both connections stay for the caller to close.
    """
    loop = asyncio.get_running_loop()
    last = loop.time()

    async def pump(source: Peer, sink: Peer) -> None:
        nonlocal last
        while True:
            try:
                async with asyncio.timeout_at(last + idle):
                    data = await source.reader.read(_CHUNK)
            except TimeoutError:
                if loop.time() < last + idle:
                    continue  # the other direction was busy meanwhile
                raise
            if not data:
                sink.end()
                return
            last = loop.time()
            count(len(data))
            if not sink.put(data):
                async with asyncio.timeout(idle):
                    await sink.writer.drain()

    async def answer() -> None:
        nonlocal last
        if before_answer is not None:
            await before_answer()
            last = loop.time()  # bytes may have come with it
        await pump(upstream, client)

    upward = asyncio.create_task(pump(client, upstream))
    downward = asyncio.create_task(answer())
    try:
        # When the server is done there is nothing left to wait for; when the client is, there is the answer.
        await downward
    finally:
        upward.cancel()
        downward.cancel()
        await asyncio.gather(upward, downward, return_exceptions=True)
