"""aiohttp's connections, with the guard between the check and the dialling."""

import socket
import ssl
from typing import Any

import aiohttp
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import Connection

from defacewatch.fetch.guard import Guard, GuardedResolver, Lookup, Refused, system_lookup
from defacewatch.fetch.tls import leaf_of


class GuardedConnector(aiohttp.TCPConnector):
    """Dials checked addresses only. One per probe, so that what it learnt belongs to that probe.

    Names are checked where they are resolved, and every address, literal ones included, once more where its
    socket is made. `leaf` is the certificate (DER) of the last connection used, `peer` its address.
    """

    def __init__(self, guard: Guard, verifying: ssl.SSLContext, *, lookup: Lookup = system_lookup) -> None:
        self._guard = guard
        self._names = GuardedResolver(guard, lookup)
        self.leaf: bytes | None = None
        self.peer: str | None = None
        super().__init__(
            resolver=self._names, use_dns_cache=False, ssl=verifying, socket_factory=self._checked_socket
        )

    def _checked_socket(self, info: Any) -> socket.socket:
        family, kind, protocol, _, address = info
        if reason := self._guard.refusal_of_address(str(address[0]), int(address[1])):
            raise Refused(reason)
        return socket.socket(family, kind, protocol)

    def addresses_of(self, host: str) -> tuple[str, ...]:
        """The checked DNS answers for `host`; for a literal address, the one that was last dialled."""
        dialled = (self.peer,) if self.peer is not None else ()
        return self._names.answers.get(host, dialled)

    async def connect(
        self, req: ClientRequest, traces: list[Any], timeout: aiohttp.ClientTimeout
    ) -> Connection:
        """As aiohttp's; also notes who answered."""
        connection = await super().connect(req, traces, timeout)
        transport = connection.transport
        if transport is not None:
            peer = transport.get_extra_info("peername")
            self.peer = str(peer[0]) if peer else None
            self.leaf = leaf_of(transport.get_extra_info("ssl_object"))
        return connection
