"""Hosts: which name an address leads to, who it belongs to, and what is known of it."""

import re
from functools import cache, lru_cache
from ipaddress import ip_address
from urllib.parse import unquote

from defacewatch.compare import datafiles

_ABSOLUTE = re.compile(r"^(?:https?:)?/{2,}([^/?#]*)", re.IGNORECASE)
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_HOST_NAME = re.compile(r"^[\w.:~-]{1,253}$")
_IGNORED = str.maketrans("\\", "/", "\t\r\n")

KIN_LENGTH = 5  # characters of a name that two organisations hardly share
LONG_LABEL = 30  # characters of a registered label that hardly anybody chooses
SWITCHES = 3  # from letter to digit within a label, as made-up names have
_SWITCHES = re.compile(r"[a-z](?=\d)")
_MUMBLED = re.compile(r"[bcdfghjklmnpqrstvwxz]{7}")


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
    known = {name: frozenset(groups[name]) for name in ("suffixes", "official", "risky", "public")}
    for name in ("wellknown", "anybody"):
        known[name] = frozenset(host for group in groups[name] for host in group)
    return known


@lru_cache(maxsize=8192)
def registrable(host: str) -> str:
    """The part of `host` that somebody registered ('soyte.hungyen.gov.vn' -> 'hungyen.gov.vn').

    A simple rule with a list of the suffixes that matter here, not the whole Public Suffix List.
    """
    if is_address(host):
        return host
    labels = host.split(".")
    for length in (4, 3, 2):
        suffix = ".".join(labels[-length:])
        if (len(labels) > length and suffix in _known()["suffixes"]) or suffix in _known()["anybody"]:
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
    """Whether `host` belongs to a service that ordinary sites use, and not to whoever took a name there."""
    return _under(host, "wellknown") > _under(host, "anybody")


def is_public(host: str) -> bool:
    """Whether a well-known service hands out at `host` what anybody published there."""
    return _under(host, "public") > 0


def is_official(host: str) -> bool:
    """Whether `host` is under a suffix that only public bodies get."""
    return _under(host, "official") > 0


@lru_cache(maxsize=8192)
def standing(host: str, own: frozenset[str] = frozenset()) -> str:
    """What is known of a host by its name, on a page of the hosts `own`.

    'wellknown' is a service that ordinary sites use, 'official' a public body, 'kin' a host that bears the
    page's own name; 'anybody' is hosting where everybody gets a name, 'address' a bare IP address, 'risky' a
    name that attackers prefer; 'unknown' any other.
    """
    if is_address(host):
        return "address"
    if _under(host, "anybody") >= max(1, _under(host, "wellknown")):
        return "anybody"
    if is_wellknown(host):
        return "wellknown"
    if is_official(host):
        return "official"
    if _is_risky(host):
        return "risky"
    return "kin" if any(_kin(host, name) for name in own) else "unknown"


def _is_risky(host: str) -> bool:
    label = _name_of(host)
    return (
        _under(host, "risky") > 0
        or "xn--" in host
        or "." not in host
        or len(label) > LONG_LABEL
        or len(_SWITCHES.findall(label)) >= SWITCHES
        or _MUMBLED.search(label) is not None
    )


def _kin(host: str, own: str) -> bool:
    """Whether `host` bears the name of the organisation of `own`, or the other way about.

    Anybody can register a name that holds a public body's, so those have relatives under official suffixes
    alone.
    """
    if is_official(own) or is_address(own):
        return False
    one, other = _name_of(host), _name_of(own)
    return (len(other) >= KIN_LENGTH and other in one) or (len(one) >= KIN_LENGTH and one in other)


def _name_of(host: str) -> str:
    """The label that somebody chose when registering: 'examplenews' of 'www.examplenews.co.uk'."""
    return registrable(host).partition(".")[0]


def _under(host: str, group: str) -> int:
    """The number of labels of the longest name of `group` that `host` is or stands under; 0 for none."""
    names = _known()[group]
    labels = host.split(".")
    return next((len(labels) - at for at in range(len(labels)) if ".".join(labels[at:]) in names), 0)
