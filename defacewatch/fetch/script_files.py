"""Files of a page, as the browser got them: what is in its scripts, and the hashes of what can be known again
by nothing else."""

import asyncio
import hashlib
from collections.abc import Iterable
from contextlib import suppress

from playwright.async_api import Error, Response

from defacewatch.captures import Script

FILES = 40
EACH = 200 * 1024  # bytes of one file: of a longer one its two ends, where code is added
ALL = 3 * 1024 * 1024  # bytes
BODIES = 60  # files that are hashed,
HASHED = 3 * 1024 * 1024  # and bytes of all of them, the last one apart


async def scripts_of(responses: Iterable[Response], *, url: int, within: float) -> tuple[Script, ...]:
    """What is in the script files that came with `responses`, in that order: each address once.

    What cannot be had within so many seconds in all is left out. `url` is in characters, and cuts addresses.
    """
    kept: dict[str, str] = {}
    room = ALL
    with suppress(TimeoutError):
        async with asyncio.timeout(within):
            for response in responses:
                if len(kept) >= FILES or room <= 0:
                    break
                address = response.url[:url]
                if response.status != 200 or address in kept:
                    continue
                with suppress(Error):  # what an earlier document loaded is gone with it
                    body = _ends(await response.body(), min(EACH, room))
                    room -= len(body)
                    kept[address] = body.decode("utf-8", "replace")
    return tuple(Script(address, text) for address, text in kept.items())


async def hashes_of(responses: Iterable[Response], *, url: int, within: float) -> dict[str, str]:
    """SHA-256 (hex) of the bodies that came with `responses`, by address: each once, within bounds. What
    cannot be had within so many seconds in all is left out. `url` cuts addresses, as above."""
    found: dict[str, str] = {}
    room = HASHED
    with suppress(TimeoutError):
        async with asyncio.timeout(within):
            for response in responses:
                if len(found) >= BODIES or room <= 0:
                    break
                address = response.url[:url]
                if address in found:
                    continue
                with suppress(Error):
                    body = await response.body()
                    room -= len(body)
                    found[address] = hashlib.sha256(body).hexdigest()
    return found


def _ends(body: bytes, most: int) -> bytes:
    """`body`, or its beginning and its end in equal parts."""
    if len(body) <= most:
        return body
    return body[: most // 2] + b"\n" + body[len(body) - most // 2 :]
