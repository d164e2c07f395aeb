"""What all that is posted over HTTP shares: the client, and what an answer's status means."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import aiohttp

from defacewatch.alerts import DeliveryError

ANSWER = 20.0  # seconds for the whole request
CONNECT = 5.0
TRANSIENT = frozenset({408, 425, 429})
NOT_ANSWERED = (aiohttp.ClientError, OSError, TimeoutError)  # what a request raises that got no answer


class Client:
    """A client that keeps no cookies, each of its requests bounded to `within` seconds; made when it is first
    asked for."""

    def __init__(self, within: float = ANSWER) -> None:
        self._within = within
        self._session: aiohttp.ClientSession | None = None

    def session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=self._within, connect=CONNECT),
                headers={"User-Agent": "defacewatch"},
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    async def reachable(self, url: str) -> str:
        """Ask with HEAD, which carries no message; any answer will do. Raises DeliveryError."""
        try:
            async with self.session().head(url, allow_redirects=False) as answer:
                return f"HTTP {answer.status}"
        except NOT_ANSWERED as error:
            raise not_answered(error) from error

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None


def accepted(answer: aiohttp.ClientResponse) -> str:
    """'HTTP 200' for an answer of success. Raises DeliveryError for any other; 408, 425, 429 and 5xx are
    worth another attempt."""
    status = f"HTTP {answer.status}"
    if 200 <= answer.status < 300:
        return status
    permanent = answer.status < 500 and answer.status not in TRANSIENT
    raise DeliveryError(
        f"webhook: {status}",
        permanent=permanent,
        retry_after=None if permanent else _retry_after(answer.headers.get("Retry-After")),
    )


def not_answered(error: Exception) -> DeliveryError:
    """What it means that a request got no answer. The address may carry a secret, so it is not told."""
    if isinstance(error, aiohttp.ClientResponseError):
        return DeliveryError(f"webhook: {error.status}, {error.message[:100]}")
    if isinstance(error, aiohttp.InvalidURL):
        return DeliveryError("webhook: its address is none")
    return DeliveryError(f"webhook: {error or type(error).__name__}")


def _retry_after(value: str | None) -> timedelta | None:
    """What a Retry-After header asks for: seconds, or a date."""
    if not value:
        return None
    if value.strip().isdecimal():
        return timedelta(seconds=min(int(value), 86400))
    try:
        due = parsedate_to_datetime(value)
    except ValueError:
        return None
    if due.tzinfo is None:
        return None
    return max(timedelta(0), due - datetime.now(UTC))
