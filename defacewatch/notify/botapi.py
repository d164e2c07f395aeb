"""What sending and receiving over Telegram share: the client, and what its errors mean."""

import os
from datetime import timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    RetryAfter,
    TelegramError,
)
from telegram.request import HTTPXRequest

from defacewatch.alerts import DeliveryError

# python-telegram-bot's own switch to the `timedelta` its next major version uses; without it every
# RetryAfter warns.
os.environ.setdefault("PTB_TIMEDELTA", "true")

CONNECT = 5.0  # seconds
ANSWER = 10.0
UPLOAD = 15.0


def base_url(api_url: str) -> str:
    """The Bot API's address as python-telegram-bot takes it: the token is put right behind it."""
    return f"{api_url.rstrip('/')}/bot"


def request(api_url: str, proxy: str | None, *, connections: int, answer: float = ANSWER) -> HTTPXRequest:
    """An HTTP client for the Bot API, every step of it bounded in seconds.

    Without `proxy`, the environment's (HTTPS_PROXY …) applies, but never to a server on this host.
    """
    return HTTPXRequest(
        connection_pool_size=connections,
        connect_timeout=CONNECT,
        read_timeout=answer,
        write_timeout=ANSWER,
        media_write_timeout=UPLOAD,
        pool_timeout=CONNECT,
        proxy=proxy,
        httpx_kwargs={"trust_env": not _is_local(api_url)},
    )


def _is_local(api_url: str) -> bool:
    host = urlsplit(api_url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def delivery_error(error: TelegramError, token: str) -> DeliveryError:
    """What `error` means for a delivery. The token never gets into the text."""
    words = f"Telegram: {error.message or type(error).__name__}".replace(token, "<token>")
    if isinstance(error, RetryAfter):
        after = error.retry_after
        return DeliveryError(
            words, retry_after=after if isinstance(after, timedelta) else timedelta(seconds=after)
        )
    # BadRequest is a NetworkError by inheritance, but the server's considered answer. A token that is invalid
    # is put right in the configuration, so what waits is tried on.
    return DeliveryError(words, permanent=isinstance(error, (Forbidden, ChatMigrated, BadRequest)))
