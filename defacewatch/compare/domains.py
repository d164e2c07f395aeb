"""Hosts: which name an address leads to, who it belongs to, and whether it is a well-known service."""

import re
from functools import cache, lru_cache
from ipaddress import ip_address
from urllib.parse import unquote

from defacewatch.compare import datafiles

_ABSOLUTE = re.compile(r"^(?:https?:)?/{2,}([^/?#]*)", re.IGNORECASE)
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_HOST_NAME = re.compile(r"^[\w.:~-]{1,253}$")
_IGNORED = str.maketrans("\\", "/", "\t\r\n")


@lru_cache(maxsize=8192)
def host_of(url: str, own: str) -> str | None:
    """The host that a browser on a page of host `own` would go to, lower case and in ASCII.

    A relative address leads to `own`; None for addresses that are no request to a host (mailto:, data:,
    javascript:). Reads back-slashes, stray tabs and extra slashes as browsers do.
    """
    url = url.strip().translate(_IGNORED)
    found = _ABSOLUTE.match(url)
    if found is None:
        return None if _SCHEME.match(url) else own
    return plain_host(found.group(1))


def plain_host(authority: str) -> str | None:
    """The host name in `authority` (user name and port gone), or None when no browser would take it."""
    name = authority.rpartition("@")[2].lower()
    name = name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0]
    name = unquote(name).rstrip(".")
    if not _HOST_NAME.match(name):
        return None
    if not name.isascii():
        try:
            return name.encode("idna").decode("ascii")
        except UnicodeError:
            return name
    return name


@cache
def _known() -> dict[str, frozenset[str]]:
    groups = datafiles.load("hosts.yaml")
    return {group: frozenset(groups[group]) for group in ("suffixes", "official", "wellknown")}


@lru_cache(maxsize=8192)
def registrable(host: str) -> str:
    """The part of `host` that somebody registered ('soyte.hungyen.gov.vn' -> 'hungyen.gov.vn').

    A simple rule with a list of the suffixes that matter here, not the whole Public Suffix List.
    """
    if is_address(host):
        return host
    labels = host.split(".")
    for length in (3, 2):
        if len(labels) > length and ".".join(labels[-length:]) in _known()["suffixes"]:
            return ".".join(labels[-length - 1 :])
    return ".".join(labels[-2:])


def is_address(host: str) -> bool:
    """Whether `host` is a literal IP address."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_wellknown(host: str) -> bool:
    """Whether `host` belongs to a service that ordinary sites use."""
    return _under(host, _known()["wellknown"])


def is_official(host: str) -> bool:
    """Whether `host` is under a suffix that only public bodies get."""
    return _under(host, _known()["official"])


def _under(host: str, names: frozenset[str]) -> bool:
    labels = host.split(".")
    return any(".".join(labels[start:]) in names for start in range(len(labels)))
