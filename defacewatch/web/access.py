"""Who may look: one token, presented by people in a form and by programs as a bearer; and the rate limits of
addresses, one for each kind of secret."""

import hashlib
import hmac
import ipaddress
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from defacewatch.errors import UsageError

SESSION = timedelta(hours=12)  # a shift, from its last use
LONGEST_SESSION = timedelta(days=30)  # however much it is used: screens on a wall stay in
FAILURES = 10  # wrong tokens from one address within WINDOW before it has to wait
WINDOW = timedelta(minutes=5)
KEPT = 2 * FAILURES  # remembered of one address: what is taken back later must push none of these out
PACE = timedelta(seconds=5)  # between passwords from an address that has failed so often
ADDRESSES = 4096  # remembered; the longest unheard of is forgotten first

_SESSION = re.compile(r"(\d{1,12})\.(\d{1,12})\.([0-9a-f]{64})", re.ASCII)


def same(given: str, expected: str) -> bool:
    """Whether two secrets are the same, in a time that tells nothing of either."""
    return hmac.compare_digest(
        hashlib.sha256(given.encode("utf-8", "replace")).digest(), hashlib.sha256(expected.encode()).digest()
    )


class Secret(Enum):
    """What is presented. Each is counted by itself: a forged link keeps nobody from signing in."""

    LINK = "link"
    BEARER = "bearer"
    FORM = "form"  # the shared token, in the form
    PASSWORD = "password"  # noqa: S105 - the name of a kind
    OUTSIDE = "outside"  # what a provider has sent somebody back with


PACED = (Secret.PASSWORD, Secret.OUTSIDE)  # a whole office may have one address


@dataclass
class Limiter:
    """Counts wrong secrets by address (IPv6: by /64), so that guessing is slow. With a `pace` an address that
    has failed too often is not shut out, but may try once in that time."""

    pace: timedelta | None = None
    seen: OrderedDict[str, list[datetime]] = field(default_factory=OrderedDict)

    def wait(self, address: str | None, now: datetime) -> timedelta | None:
        """How long `address` has to wait before it may try again, or None."""
        recent = [at for at in self.seen.get(network_of(address), ()) if now - at < WINDOW]
        if len(recent) < FAILURES:
            return None
        ends = recent[-FAILURES] + WINDOW if self.pace is None else recent[-1] + self.pace
        return ends - now if ends > now else None

    def failed(self, address: str | None, now: datetime) -> None:
        key = network_of(address)
        recent = [at for at in self.seen.pop(key, ()) if now - at < WINDOW]
        self.seen[key] = [*recent, now][-KEPT:]
        while len(self.seen) > ADDRESSES:
            self.seen.popitem(last=False)

    def take_back(self, address: str | None, at: datetime) -> None:
        """What was counted `at` was no failure."""
        counted = self.seen.get(network_of(address), [])
        if at in counted:
            counted.remove(at)


def unmapped(address: str) -> str:
    """An IPv4 address that came in the clothes of IPv6 (::ffff:192.0.2.1), as itself."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    inner = parsed.ipv4_mapped if parsed.version == 6 else None
    return address if inner is None else str(inner)


def network_of(address: str | None) -> str:
    """What counts as one asker: an IPv4 address, or a /64 of IPv6."""
    try:
        parsed = ipaddress.ip_address(unmapped((address or "").partition("%")[0]))
    except ValueError:
        return ""
    return str(ipaddress.ip_network((parsed, 64 if parsed.version == 6 else 32), strict=False))


class Access:
    """Checks tokens and sessions.

    A session is kept by the browser alone: when it began, when it ends, and an HMAC-SHA256 of both under a
    key made from `secret_key` and the token, so that a new token or key ends all sessions.
    Raises UsageError when the token is empty.
    """

    def __init__(self, token: str, secret_key: bytes, *, clock: Callable[[], datetime]) -> None:
        if not token:
            raise UsageError("the status page needs a token")
        self._token = token
        self._key = hmac.digest(secret_key, b"defacewatch web session\0" + token.encode(), "sha256")
        self._clock = clock
        self._limiters = {kind: Limiter(PACE if kind in PACED else None) for kind in Secret}

    def wait(self, address: str | None, kind: Secret = Secret.BEARER) -> timedelta | None:
        """How long `address` has to wait after too many wrong secrets of a kind, or None."""
        return self._limiters[kind].wait(address, self._clock())

    def admits(
        self, token: str, address: str | None, *, expected: str | None = None, kind: Secret = Secret.BEARER
    ) -> bool:
        """Whether `token` is the right one (`expected`, or the console's).

        The right one always passes: behind a proxy everybody has one address, and guesses must not lock
        them out. A wrong one counts against `address`, unless that already has to wait.
        """
        if same(token, self._token if expected is None else expected):
            return True
        if self.wait(address, kind) is None:
            self.failed(address, kind)
        return False

    def failed(self, address: str | None, kind: Secret, at: datetime | None = None) -> None:
        """A wrong secret was presented from `address`, or is counted as one before it is tried: then `at` is
        what it can be taken back by."""
        self._limiters[kind].failed(address, at or self._clock())

    def take_back(self, address: str | None, kind: Secret, at: datetime) -> None:
        """What was counted `at` was right."""
        self._limiters[kind].take_back(address, at)

    def open_session(self) -> str:
        """The value of a new session's cookie."""
        now = self._clock()
        return self._signed(int(now.timestamp()), int((now + SESSION).timestamp()))

    def renewed(self, cookie: str | None) -> str | None:
        """`cookie` while its session lasts: itself, or once half its time is gone a longer one. None when
        there is no session."""
        found = _SESSION.fullmatch(cookie or "")
        if found is None:
            return None
        began, ends = int(found[1]), int(found[2])
        if not hmac.compare_digest(self._mac(began, ends), found[3]):
            return None
        now = self._clock().timestamp()
        if now >= ends:
            return None
        if ends - now > SESSION.total_seconds() / 2:
            return found[0]
        longest = began + LONGEST_SESSION.total_seconds()
        return self._signed(began, int(min(now + SESSION.total_seconds(), longest)))

    def _signed(self, began: int, ends: int) -> str:
        return f"{began}.{ends}.{self._mac(began, ends)}"

    def _mac(self, began: int, ends: int) -> str:
        return hmac.new(self._key, f"{began}.{ends}".encode(), "sha256").hexdigest()
