"""Who may look: one token, presented by people in a form and by programs as a bearer; and its rate limit."""

import hashlib
import hmac
import ipaddress
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from defacewatch.errors import UsageError

SESSION = timedelta(hours=12)  # a shift, from its last use
LONGEST_SESSION = timedelta(days=30)  # however much it is used: screens on a wall stay in
FAILURES = 10  # wrong tokens from one address within WINDOW before it has to wait
WINDOW = timedelta(minutes=5)
ADDRESSES = 4096  # remembered; the longest unheard of is forgotten first

_SESSION = re.compile(r"(\d{1,12})\.(\d{1,12})\.([0-9a-f]{64})", re.ASCII)


def same(given: str, expected: str) -> bool:
    """Whether two secrets are the same, in a time that tells nothing of either."""
    return hmac.compare_digest(
        hashlib.sha256(given.encode("utf-8", "replace")).digest(), hashlib.sha256(expected.encode()).digest()
    )


@dataclass
class Limiter:
    """Counts wrong tokens by address (IPv6: by /64), so that guessing is slow."""

    seen: OrderedDict[str, list[datetime]] = field(default_factory=OrderedDict)

    def wait(self, address: str | None, now: datetime) -> timedelta | None:
        """How long `address` has to wait before it may try again, or None."""
        recent = [at for at in self.seen.get(_network(address), ()) if now - at < WINDOW]
        return None if len(recent) < FAILURES else recent[-FAILURES] + WINDOW - now

    def failed(self, address: str | None, now: datetime) -> None:
        key = _network(address)
        recent = [at for at in self.seen.pop(key, ()) if now - at < WINDOW]
        self.seen[key] = [*recent, now][-FAILURES:]
        while len(self.seen) > ADDRESSES:
            self.seen.popitem(last=False)


def _network(address: str | None) -> str:
    try:
        parsed = ipaddress.ip_address((address or "").partition("%")[0])
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
        self._limiter = Limiter()

    def wait(self, address: str | None) -> timedelta | None:
        """How long `address` has to wait after too many wrong tokens, or None."""
        return self._limiter.wait(address, self._clock())

    def admits(self, token: str, address: str | None, *, expected: str | None = None) -> bool:
        """Whether `token` is the right one (`expected`, or the console's).

        The right one always passes: behind a proxy everybody has one address, and guesses must not lock
        them out. A wrong one counts against `address`, unless that already has to wait.
        """
        if same(token, self._token if expected is None else expected):
            return True
        if self.wait(address) is None:
            self._limiter.failed(address, self._clock())
        return False

    def failed(self, address: str | None) -> None:
        """A wrong secret was presented from `address`."""
        self._limiter.failed(address, self._clock())

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
