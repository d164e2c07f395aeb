"""aiohttp's connections, kept for the next probe, with the guard between the check and the dialling."""

import socket
import ssl
import time
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import aiohttp
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import Connection

from defacewatch.fetch.guard import Guard, GuardedResolver, Lookup, Refused, system_lookup
from defacewatch.fetch.tls import leaf_of

IDLE = 75.0  # seconds that an unused connection is kept: longer than the usual interval between two probes
AGE = 300.0  # seconds after which one is made anew, so that a moved name or certificate is noticed
CONNECTIONS = 20_000  # held at most, if this process may open that many; beyond that they are not kept


@dataclass
class Peer:
    """Who answered one probe's latest request: the certificate (DER) and the address."""

    leaf: bytes | None = None
    address: str | None = None


# Set by each probe for its own task: connections are shared, what was learnt from one is not.
PEER: ContextVar[Peer | None] = ContextVar("peer", default=None)


@dataclass
class _Made:
    """When a connection was made (monotonic), and the certificate that its handshake showed."""

    at: float
    leaf: bytes | None


class GuardedConnector(aiohttp.TCPConnector):
    """Dials checked addresses only, and uses a connection again while it is young.

    Names are checked where they are resolved, and every address, literal ones included, once more where its
    socket is made. An idle connection is kept for `idle` seconds, used again until it is `age` seconds old;
    of more than `most` none is kept, nor where nothing `keeps`.
    """

    def __init__(
        self,
        guard: Guard,
        verifying: ssl.SSLContext,
        *,
        lookup: Lookup = system_lookup,
        idle: float = IDLE,
        age: float = AGE,
        most: int = CONNECTIONS,
        keeps: bool = True,
    ) -> None:
        self._guard = guard
        self._names = GuardedResolver(guard, lookup)
        self._age, self._most = age, most
        self._made: WeakKeyDictionary[Any, _Made] = WeakKeyDictionary()
        super().__init__(
            resolver=self._names,
            use_dns_cache=False,
            ssl=verifying,
            socket_factory=self._checked_socket,
            force_close=not keeps,
            keepalive_timeout=idle if keeps else None,
            limit=0,
        )

    @property
    def crowded(self) -> bool:
        """Whether there are so many connections that one should be closed after use."""
        return len(self._made) > self._most

    def addresses_of(self, host: str) -> tuple[str, ...]:
        """The checked DNS answers for `host`, as they were when it was last dialled."""
        return self._names.answers.get(host, ())

    def _checked_socket(self, info: Any) -> socket.socket:
        family, kind, protocol, _, address = info
        if reason := self._guard.refusal_of_address(str(address[0]), int(address[1])):
            raise Refused(reason)
        return socket.socket(family, kind, protocol)

    async def connect(
        self, req: ClientRequest, traces: list[Any], timeout: aiohttp.ClientTimeout
    ) -> Connection:
        """As aiohttp's, but never an old connection; tells the probe that asks who is at its other end."""
        while True:
            connection = await super().connect(req, traces, timeout)
            transport = connection.transport
            if transport is None:
                return connection
            made, now = self._made.get(transport), time.monotonic()
            if made is None:
                made = self._made[transport] = _Made(now, leaf_of(transport.get_extra_info("ssl_object")))
            elif now - made.at > self._age:
                connection.close()
                continue
            peer = PEER.get()
            if peer is not None:
                name = transport.get_extra_info("peername")
                peer.leaf, peer.address = made.leaf, str(name[0]) if name else None
            return connection
