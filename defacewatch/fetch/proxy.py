"""The filtering forward proxy that the browser's traffic passes.

Chromium resolves names by itself, so nothing in the browser can promise that the address it dials is the one
that was checked. This proxy resolves, asks the guard, and dials the checked address. It speaks CONNECT and
plain absolute-form HTTP/1, one request per connection, and gives each capture a listener of its own, so that
what was refused is known to belong to that capture.
"""

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from defacewatch.captures import Failure, Refusal
from defacewatch.fetch.failures import is_exhaustion
from defacewatch.fetch.guard import Guard, Lookup, Refused, checked_addresses, system_lookup
from defacewatch.fetch.relay import Peer, relay
from defacewatch.fetch.wire import BadHead, Head, Heads

_KEPT = 100  # refusals and failures kept per session: a page can make thousands
_INFORMATIONAL = 20  # heads with status 1xx that a server may send before its answer
_FAREWELL = 5.0  # seconds that a client gets to take the last bytes
_REASONS = {400: "Bad Request", 403: "Forbidden", 502: "Bad Gateway", 504: "Gateway Timeout"}
_HOST = frozenset((b"host",))


@dataclass(frozen=True)
class Limits:
    """What one session may use: times in seconds, sizes in bytes, `concurrent` and `total` in connections."""

    head: int = 64 * 1024
    connect: float = 10.0
    idle: float = 60.0
    traffic: int = 100 * 1024 * 1024
    concurrent: int = 256
    total: int = 4096


@dataclass(frozen=True)
class _Target:
    """What a request asks for: `path` is its origin-form, None for a tunnel; `url` is for people."""

    host: str
    port: int
    path: str | None
    url: str
    authority: str

    @property
    def key(self) -> str:
        return f"{self.host}:{self.port}"


class ProxySession:
    """One capture's listener. `server` is what the browser is given; the rest is what was learnt.

    `failures` maps 'host:port' to why that could not be reached or did not speak HTTP (the browser itself
    sees only an answer of ours with status 502 or 504); BROWSER is there for what was our own failing, and
    `exhausted` says that there was any. `exceeded` says that a limit cut the traffic. `mark` names a header
    that the answers of our own carry, and over plain HTTP no others.
    """

    def __init__(self, guard: Guard, lookup: Lookup, limits: Limits) -> None:
        self._guard = guard
        self._lookup = lookup
        self._limits = limits
        self._tasks: set[asyncio.Task[None]] = set()
        self._listener: asyncio.Server | None = None
        self._port = 0
        self._accepted = 0
        self._traffic = 0
        self.server = ""
        self.mark = f"x-{secrets.token_hex(8)}"
        self.refusals: list[Refusal] = []
        self.failures: dict[str, Failure] = {}
        self.exceeded = False
        self.exhausted = False

    async def open(self) -> None:
        """Listen on a free port of 127.0.0.1, which the guard refuses from now on. Raises OSError."""
        # Our own socket: asyncio takes one that cannot be opened for an address that is not spoken here.
        listening = socket.create_server(("127.0.0.1", 0))
        self._port = listening.getsockname()[1]
        self._listener = await asyncio.start_server(
            self._accept, sock=listening, limit=self._limits.head, start_serving=False
        )
        self._guard.forbid("127.0.0.1", self._port)
        await self._listener.start_serving()
        self.server = f"http://127.0.0.1:{self._port}"

    async def close(self) -> None:
        """Stop listening and end every connection."""
        if self._listener is None:
            return
        listener, self._listener = self._listener, None
        listener.close()
        self._guard.unforbid("127.0.0.1", self._port)
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await listener.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A plain function and a task of our own: the handler tasks of asyncio cannot be ended from here.
        self._accepted += 1
        limits = self._limits
        crowded = len(self._tasks) >= limits.concurrent or self._accepted > limits.total
        if crowded or self._traffic > limits.traffic:
            self.exceeded = True
            writer.transport.abort()
            return
        task = asyncio.create_task(self._serve(Peer(reader, writer)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        # A task that is cancelled before its first step never reaches its own end.
        task.add_done_callback(lambda _: writer.transport.abort())

    async def _serve(self, client: Peer) -> None:
        try:
            try:
                heads = Heads(client.reader, self._limits.head)
                async with asyncio.timeout(self._limits.idle):
                    head = await heads.next()
                await self._pass_on(head, heads.rest(), client)
            except BadHead as error:
                await self._answer(client, 400, str(error))
            await client.finish(_FAREWELL)
        except (OSError, EOFError):
            pass  # a side went away or was idle for too long: there is nobody left to tell
        finally:
            await client.drop()

    async def _pass_on(self, head: Head, body: bytes, client: Peer) -> None:
        """Serve a request; of its `body` (in a tunnel what goes through it) that much has come already."""
        method, target = _requested(head)
        upstream = await self._dial(target, client)
        if upstream is None:
            return
        try:
            self._count(len(body))
            if target.path is None:
                await client.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
                upstream.put(body)  # what the other side is too slow for, `relay` waits for
            else:
                start = f"{method} {target.path} HTTP/1.1".encode("ascii")
                host = f"Host: {target.authority}".encode("ascii")
                upstream.put(head.encoded(start, (host, b"Connection: close"), without=_HOST) + body)
            await self._join(target, client, upstream)
        finally:
            await upstream.drop()

    async def _dial(self, target: _Target, client: Peer) -> Peer | None:
        """A connection to the first checked address that answers; None once the client was told why not."""
        try:
            async with asyncio.timeout(self._limits.connect):
                addresses = await checked_addresses(self._guard, target.host, target.port, self._lookup)
        except Refused as refused:
            if len(self.refusals) < _KEPT:
                self.refusals.append(Refusal(target.url, str(refused)))
            await self._answer(client, 403, f"refused: {refused}")
            return None
        except OSError as error:
            await self._fail(target, Failure.BROWSER if is_exhaustion(error) else Failure.DNS, client)
            return None
        failure = Failure.CONNECT
        for address in addresses:
            try:
                async with asyncio.timeout(self._limits.connect):
                    # A literal address: nothing is resolved again between the check and this.
                    return Peer(*await asyncio.open_connection(address, target.port, limit=self._limits.head))
            except TimeoutError:
                failure = Failure.TIMEOUT
            except OSError as error:
                if is_exhaustion(error):
                    failure = Failure.BROWSER
                    break
                failure = Failure.CONNECT
        await self._fail(target, failure, client)
        return None

    async def _join(self, target: _Target, client: Peer, upstream: Peer) -> None:
        """Relay a tunnel as it is, and a plain answer with its head changed to say that it is the last."""
        answered = False

        async def pass_answer_head() -> None:
            nonlocal answered
            without = frozenset((self.mark.encode(),))
            heads = Heads(upstream.reader, self._limits.head)
            async with asyncio.timeout(self._limits.idle):
                for _ in range(_INFORMATIONAL + 1):
                    head = await heads.next()
                    self._count(head.size)
                    status = head.status()
                    if status == 101:
                        raise BadHead("protocols switched unasked")
                    if status >= 200:
                        answered = True
                        rest = heads.rest()
                        self._count(len(rest))
                        await client.send(head.encoded(head.start, (b"Connection: close",), without) + rest)
                        return
                    if status == 100:  # the others are hints, of which a server could send without end
                        await client.send(head.encoded(head.start, (), without))
            raise BadHead("informational heads without end")

        prelude = None if target.path is None else pass_answer_head
        limits = self._limits
        try:
            await relay(client, upstream, idle=limits.idle, count=self._count, before_answer=prelude)
        except (BadHead, EOFError, OSError) as error:
            if target.path is None or answered:
                raise
            late = isinstance(error, TimeoutError)
            await self._fail(target, Failure.TIMEOUT if late else Failure.PROTOCOL, client)

    async def _fail(self, target: _Target, failure: Failure, client: Peer) -> None:
        self.exhausted = self.exhausted or failure is Failure.BROWSER
        if len(self.failures) < _KEPT:
            self.failures[target.key] = failure
        await self._answer(client, 504 if failure is Failure.TIMEOUT else 502, failure.value)

    async def _answer(self, client: Peer, status: int, text: str) -> None:
        body = f"{text}\n".encode("utf-8", "replace")
        head = f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        head += f"{self.mark}: 1\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        await client.send(head.encode() + body)

    def _count(self, size: int) -> None:
        self._traffic += size
        if self._traffic > self._limits.traffic:
            self.exceeded = True
            for task in self._tasks:
                task.cancel()
            raise ConnectionAbortedError("the session's traffic is used up")


class FilteringProxy:
    """Makes sessions, and ends those that are left when it stops."""

    def __init__(self, guard: Guard, *, lookup: Lookup = system_lookup, limits: Limits | None = None) -> None:
        self._guard = guard
        self._lookup = lookup
        self._limits = limits or Limits()
        self._sessions: set[ProxySession] = set()

    async def start(self) -> None:
        """Nothing is held between captures: each session opens what it needs."""

    async def stop(self) -> None:
        """End the sessions that are still open."""
        for session in list(self._sessions):
            await session.close()

    @asynccontextmanager
    async def session(self) -> AsyncIterator[ProxySession]:
        """A listener for one capture; all its connections end with the block. Raises OSError."""
        session = ProxySession(self._guard, self._lookup, self._limits)
        self._sessions.add(session)
        try:
            await session.open()
            yield session
        finally:
            self._sessions.discard(session)
            await session.close()


def _requested(head: Head) -> tuple[str, _Target]:
    method, target = head.request()
    tunnel = method == "CONNECT"
    try:
        parts = urlsplit(f"//{target}" if tunnel else target)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise BadHead("a target that is not a URL") from None
    if not host or (port is None if tunnel else parts.scheme.lower() != "http"):
        raise BadHead("neither CONNECT nor an absolute http URL")
    if tunnel:
        port = port or 0
        return method, _Target(host, port, None, _tunnel_url(host, port), target)
    authority = parts.netloc.rpartition("@")[2]
    path = target.partition("//")[2][len(parts.netloc) :]
    path = path if path.startswith("/") else f"/{path}"
    return method, _Target(host, port or 80, path, target, authority)


def _tunnel_url(host: str, port: int) -> str:
    name = f"[{host}]" if ":" in host else host
    if port == 80:  # WebSockets are tunnelled on plain ports too
        return f"http://{name}/"
    return f"https://{name}/" if port == 443 else f"https://{name}:{port}/"
