"""Saying to a system outside that the watch is alive, so that somebody hears of it when it is not.

The form is that of healthchecks (https://healthchecks.io/docs/http_api/), which others speak too: the address
alone means well, `/start` that it begins, `/fail` with a text that it is not well. Silence is for the other
side to notice.
"""

from collections.abc import Sequence

from defacewatch.alerts import DeliveryError
from defacewatch.notify import posting

WITHIN = 15.0  # seconds for the whole request
LONGEST = 10_000  # characters of what is not well


class Ping:
    """Pings one address. Redirects are not followed: the address is what was configured."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._client = posting.Client(WITHIN)

    async def start(self) -> None:
        """Say that the watch begins. Raises DeliveryError."""
        await self._post("/start", "")

    async def beat(self, problems: Sequence[str]) -> None:
        """Say that it is well, or what is not. Raises DeliveryError."""
        await self._post("/fail" if problems else "", "\n".join(problems)[:LONGEST])

    async def close(self) -> None:
        await self._client.close()

    async def _post(self, suffix: str, text: str) -> None:
        posted = self._client.session().post(self.url + suffix, data=text.encode(), allow_redirects=False)
        try:
            async with posted as answer:
                if not 200 <= answer.status < 300:
                    raise DeliveryError(f"heartbeat: HTTP {answer.status}")
        except posting.NOT_ANSWERED as error:
            raise DeliveryError(f"heartbeat: {error or type(error).__name__}") from error
