"""A portal on loopback that answers byte for byte what a test tells it to, well-behaved or not."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

Writer = asyncio.StreamWriter
Answer = bytes | Callable[["Asked", Writer], Awaitable[None]]


@dataclass(frozen=True)
class Asked:
    """One request as it came: header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""


def page(body: bytes | str = b"", *, status: str = "200 OK", length: bool = True, **headers: str) -> bytes:
    """A whole response; header names are given with underscores."""
    content = body.encode() if isinstance(body, str) else body
    fields = {"content_type": "text/html; charset=utf-8", "connection": "close", **headers}
    if length:
        fields.setdefault("content_length", str(len(content)))
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode() + content


def redirect(location: str, *, status: str = "302 Found", set_cookie: str = "") -> bytes:
    return page(status=status, location=location, set_cookie=set_cookie)


async def drip(asked: Asked, writer: Writer) -> None:
    """A tarpit: the head at once, then one byte now and then, for ever."""
    writer.write(page(length=False) + b"<h1>hello</h1>")
    while True:
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.02)


async def silence(asked: Asked, writer: Writer) -> None:
    """Takes the request and never answers."""
    await asyncio.Event().wait()


async def flood(asked: Asked, writer: Writer) -> None:
    """A body without an end, as fast as it is taken."""
    writer.write(page(length=False))
    while True:
        writer.write(b"<p>again</p>" * 1000)
        await writer.drain()


@dataclass
class Portal:
    """Answers by path; what has no answer is 404. `asked` are the requests, `seen` is set by the first."""

    host: str = "127.0.0.1"
    tls: ssl.SSLContext | None = None
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    port: int = 0
    seen: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._accept, self.host, self.port, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._server.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._server.wait_closed()

    def url(self, path: str = "/", *, host: str | None = None) -> str:
        scheme = "http" if self.tls is None else "https"
        return f"{scheme}://{host or self.host}:{self.port}{path}"

    def _accept(self, reader: asyncio.StreamReader, writer: Writer) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: Writer) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            start, *lines = head.strip().split("\r\n")
            headers = {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in lines}
            method, path, _ = start.split(" ", 2)
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            asked = Asked(method, path, headers, body)
            self.asked.append(asked)
            self.seen.set()
            answer = self.answers.get(path, page("not here", status="404 Not Found"))
            if isinstance(answer, bytes):
                writer.write(answer)
                await writer.drain()
            else:
                await answer(asked, writer)
            writer.close()
            await writer.wait_closed()
        except (OSError, asyncio.IncompleteReadError):
            pass  # the other side went away, as it may
        finally:
            writer.transport.abort()
