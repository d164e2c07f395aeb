"""Where looking may go: schemes, ports and addresses; and the resolver that makes it so for aiohttp.

A hostile page chooses where its redirects and sub-resources point. What it may not reach: anything that is
not http(s), addresses that the public internet does not have, ports that no web server has, and our own
listeners. The address that is dialled is always the one that was checked, so a name that answers
differently the second time gains nothing.
"""

import asyncio
import errno
import socket
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult

from defacewatch import reasons
from defacewatch.fetch.addresses import LINK_LOCAL, METADATA, Address, Network, embedded, literal, special_use
from defacewatch.fetch.remembering import remembered

# The "bad ports" of the fetch standard, and the ports of databases and remote control.
_PORTS = """
    0 1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111 113
    115 117 119 123 135 137 139 143 161 179 389 427 465 512 513 514 515 526 530 531 532 540 548 554
    556 563 587 601 636 989 990 993 995 1719 1720 1723 2049 3659 4045 4190 5060 5061 6000 6566 6665
    6666 6667 6668 6669 6679 6697 10080 445 1433 1521 2375 3306 3389 5432 5900 6379 11211 27017
"""
_BAD_PORTS = frozenset(map(int, _PORTS.split()))
_ANSWERS = 20_000  # host names that a resolver remembers the addresses of

Lookup = Callable[[str, int], Awaitable[list[str]]]


class Refused(OSError):
    """The guard would not go there; its text is the reason."""


class Guard:
    """The rules. `allow_networks` names special-purpose networks that pages may live in ('127.0.0.0/8').

    A link-local address must be named by a network that is itself link-local, and a metadata address by
    its own single address: 0.0.0.0/0 opens neither. Raises ValueError for what is not a network.
    """

    def __init__(self, allow_networks: Sequence[str] = ()) -> None:
        self._allowed: tuple[Network, ...] = tuple(ip_network(name, strict=False) for name in allow_networks)
        self._forbidden: dict[int, Counter[Address]] = {}  # how many of our listeners, by port and address

    def forbid(self, host_ip: str, port: int) -> None:
        """Refuse a listener of our own, whatever is allowed; 0.0.0.0 or :: means any address of this host."""
        self._forbidden.setdefault(port, Counter())[ip_address(host_ip)] += 1

    def unforbid(self, host_ip: str, port: int) -> None:
        """Take one `forbid` back. Nothing of it stays: each capture has a listener of its own."""
        listeners = self._forbidden[port]
        listeners -= Counter((ip_address(host_ip),))
        if not listeners:
            del self._forbidden[port]

    def refusal_of_url(self, url: str) -> str | None:
        """Why `url` may not be asked for, or None. A host name still has to be resolved and checked."""
        try:
            scheme, host, port = _destination(url)
        except ValueError:
            return reasons.NOT_A_URL
        if scheme not in ("http", "https"):
            return reasons.SCHEME.format(scheme=scheme) if scheme else reasons.NO_SCHEME
        if not host:
            return reasons.NO_HOST
        return self.refusal_of_host(host, port)

    def refusal_of_host(self, host: str, port: int) -> str | None:
        """Like `refusal_of_url`, for the host and port of one."""
        try:
            address = literal(host)
        except ValueError:
            return reasons.NOT_A_HOST.format(host=host[:100])
        if address is None:
            return reasons.PORT.format(port=port) if port in _BAD_PORTS else None
        return self._refusal_of(address, port)

    def refusal_of_address(self, ip: str, port: int) -> str | None:
        """Why `ip` (as `getaddrinfo` spells it) may not be dialled on `port`, or None."""
        try:
            address = ip_address(ip.partition("%")[0])
        except ValueError:
            return reasons.NOT_AN_ADDRESS.format(address=ip[:100])
        return self._refusal_of(address, port)

    def _refusal_of(self, address: Address, port: int) -> str | None:
        inner = embedded(address)
        mapped = inner is not None and getattr(address, "ipv4_mapped", None) == inner
        for one in (inner,) if mapped else (inner, address):
            if one is not None and (reason := self._refusal(one, port)):
                return reason
        return None

    def _refusal(self, address: Address, port: int) -> str | None:
        if port in _BAD_PORTS:
            return reasons.PORT.format(port=port)
        if self._is_ours(address, port):
            return reasons.OURS.format(address=address, port=port)
        use = special_use(address)
        if use is None or self._is_named(address):
            return None
        return reasons.RESERVED[use].format(address=address)

    def _is_named(self, address: Address) -> bool:
        networks = [n for n in self._allowed if n.version == address.version and address in n]
        if address in METADATA:
            return any(network.num_addresses == 1 for network in networks)
        narrow = [local for local in LINK_LOCAL if address.version == local.version and address in local]
        if narrow:
            return any(network.prefixlen >= narrow[0].prefixlen for network in networks)
        return bool(networks)

    def _is_ours(self, address: Address, port: int) -> bool:
        listeners = self._forbidden.get(port)
        if not listeners:
            return False
        # Dialling 0.0.0.0 or :: reaches this host on Linux, so it is every listener on that port.
        if address in listeners or address.is_unspecified:
            return True
        return any(host.is_unspecified for host in listeners) and _is_local(address)


@remembered
def _destination(url: str) -> tuple[str, str | None, int]:
    """Scheme, host and port of a URL; port 0 where it has none that is known. Raises ValueError."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    usual = {"http": 80, "https": 443}.get(scheme, 0)
    return scheme, parts.hostname, usual if parts.port is None else parts.port


def _is_local(address: Address) -> bool:
    """Whether `address` belongs to this host: only then can a socket be bound to it."""
    if address.is_loopback:
        return True
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(address), 0))
    except OSError:
        return False
    return True


async def system_lookup(host: str, port: int) -> list[str]:
    """The addresses of `host` from the system's resolver, in its order. Raises OSError.

    On a daemon thread of its own: a name server that does not answer then neither fills the event loop's
    thread pool nor delays the end of the process.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[str]] = loop.create_future()

    def tell(addresses: list[str], error: OSError | None) -> None:
        if not answer.done():
            answer.set_exception(error) if error else answer.set_result(addresses)

    def work() -> None:
        addresses: list[str] = []
        failure: OSError | None = None
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            addresses = list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))
        except OSError as error:
            failure = error
        except ValueError:  # an impossible name: too long a label, a NUL
            failure = socket.gaierror(socket.EAI_NONAME, "not a host name")
        if not loop.is_closed():
            loop.call_soon_threadsafe(tell, addresses, failure)

    try:
        threading.Thread(target=work, name="lookup", daemon=True).start()
    except RuntimeError as error:
        raise OSError(errno.EAGAIN, str(error)) from error
    return await answer


async def checked_addresses(guard: Guard, host: str, port: int, lookup: Lookup = system_lookup) -> list[str]:
    """The addresses of `host` that may be dialled on `port`, in the resolver's order.

    Raises Refused when the guard lets none through, and OSError when the name has no address.
    """
    if reason := guard.refusal_of_host(host, port):
        raise Refused(reason)
    address = literal(host)
    found = [str(address)] if address is not None else await lookup(host, port)
    if not found:
        raise socket.gaierror(socket.EAI_NONAME, "the name has no address")
    reasons = {ip: guard.refusal_of_address(ip, port) for ip in found}
    passed = [ip for ip in found if reasons[ip] is None]
    if not passed:
        raise Refused(reasons[found[0]])
    return passed


class GuardedResolver(AbstractResolver):
    """Resolves for aiohttp and lets only checked addresses through; raises Refused when none is left.

    `answers` maps the host names that were asked for last to their addresses, those refused left out.
    """

    def __init__(self, guard: Guard, lookup: Lookup = system_lookup) -> None:
        self._guard = guard
        self._lookup = lookup
        self.answers: dict[str, tuple[str, ...]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        addresses = await checked_addresses(self._guard, host, port, self._lookup)
        self.answers.pop(host, None)
        self.answers[host] = tuple(addresses)
        if len(self.answers) > _ANSWERS:
            del self.answers[next(iter(self.answers))]
        return [
            ResolveResult(
                hostname=host,
                host=ip,
                port=port,
                family=socket.AF_INET6 if ":" in ip else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for ip in addresses
        ]

    async def close(self) -> None:
        """Nothing is held open."""
