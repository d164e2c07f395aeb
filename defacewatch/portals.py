"""Portals and their pages: what is registered for watching."""

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from urllib.parse import urlsplit, urlunsplit

from defacewatch.errors import UsageError

DRILL = "-drill"  # what the id of the page ends in on which attacks are rehearsed


class Source(StrEnum):
    """Who owns a portal's registration: a provisioning file, or the store (imported, console)."""

    FILE = "file"
    STORE = "store"


class Urgency(StrEnum):
    """How a verdict is told: `high` on all of an officer's channels at once, `normal` one by one."""

    HIGH = "high"
    NORMAL = "normal"


@dataclass(frozen=True)
class Contact:
    """A person of the owning or operating agency."""

    name: str
    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True)
class Page:
    """One watched URL. Intervals left out mean the configured defaults."""

    id: str
    portal: str
    url: str
    probe_every: timedelta | None = None
    render_every: timedelta | None = None

    @property
    def drill(self) -> bool:
        """Whether it is the page on which attacks of its portal are rehearsed."""
        return self.id.endswith(DRILL)


@dataclass(frozen=True)
class Portal:
    """A registered site with its owner, operator, security level (1..5), contacts and pages.
    `tags` are words of its keepers, in order."""

    key: str
    name: str
    owner: str | None = None
    operator: str | None = None
    level: int | None = None
    critical: bool = False
    contacts: tuple[Contact, ...] = ()
    pages: tuple[Page, ...] = ()
    changed_urgency: Urgency = Urgency.NORMAL
    defaced_urgency: Urgency = Urgency.HIGH
    tags: tuple[str, ...] = ()
    source: Source = field(default=Source.STORE, compare=False)
    enabled: bool = field(default=True, compare=False)
    paused: bool = field(default=False, compare=False)


def canonical_url(url: str) -> str:
    """`url` with lower-case scheme and host, default port and fragment gone, and a path.

    Raises UsageError when it is not an absolute http(s) URL, or carries a user name.
    """
    parts = urlsplit(url.strip())
    try:
        port, host = parts.port, parts.hostname
    except ValueError as error:
        raise UsageError(f"{url!r} is not a URL: {error}") from None
    scheme = parts.scheme.lower()
    if scheme not in ("http", "https") or not host:
        raise UsageError(f"{url!r} is not an absolute http:// or https:// URL")
    if parts.username is not None or parts.password is not None:
        raise UsageError(f"{url!r} carries a user name; give the address without it")
    try:
        ascii_host = host if ":" in host else host.encode("idna").decode("ascii")
    except UnicodeError:
        raise UsageError(f"{url!r} has a host name that does not exist in DNS") from None
    netloc = f"[{ascii_host}]" if ":" in ascii_host else ascii_host
    if port is not None and port != {"http": 80, "https": 443}[scheme]:
        netloc += f":{port}"
    return urlunsplit((scheme, netloc, parts.path or "/", parts.query, ""))


def page_id(portal: str, url: str) -> str:
    """The stable id of a page: the portal's key and eight hex digits of its canonical URL's SHA-256."""
    return f"{portal}-{hashlib.sha256(canonical_url(url).encode()).hexdigest()[:8]}"
