"""Saying to a system outside that the watch is alive, so that somebody hears of it when it is not.

The form is that of healthchecks (https://healthchecks.io/docs/http_api/), which others speak too: the address
alone means well, `/start` that it begins, `/fail` with a text that it is not well. Silence is for the other
side to notice.
"""

from collections.abc import Sequence

import aiohttp

from defacewatch.alerts import DeliveryError

WITHIN = 15.0  # seconds for the whole request
LONGEST = 10_000  # characters of what is not well


class Ping:
    """Pings one address. Redirects are not followed: the address is what was configured."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Say that the watch begins. Raises DeliveryError."""
        await self._post("/start", "")

    async def beat(self, problems: Sequence[str]) -> None:
        """Say that it is well, or what is not. Raises DeliveryError."""
        await self._post("/fail" if problems else "", "\n".join(problems)[:LONGEST])

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _post(self, suffix: str, text: str) -> None:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=WITHIN),
                headers={"User-Agent": "defacewatch"},
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        try:
            async with self._session.post(
                self.url + suffix, data=text.encode(), allow_redirects=False
            ) as answer:
                if not 200 <= answer.status < 300:
                    raise DeliveryError(f"heartbeat: HTTP {answer.status}")
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise DeliveryError(f"heartbeat: {error or type(error).__name__}") from error
