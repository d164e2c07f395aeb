"""A site's icon, which a browser without a window never asks for.

It is asked for through the capture's own proxy, so it comes from nowhere that the page may not reach; and not
by the page itself, whose content security policy could forbid it and whose console would tell of it.
"""

import asyncio
import binascii
from base64 import b64decode
from contextlib import suppress
from urllib.parse import unquote_to_bytes, urljoin

import aiohttp

from defacewatch.fetch.body import ACCEPT_ENCODING, Body, Undecodable

SIZE = 64 * 1024  # bytes of an icon; of a larger one the beginning tells it from another
REDIRECTS = 5
_NOT = ("text/html", "application/xhtml")  # an error page that is said to be well


async def icon_of(url: str, named: str, *, proxy: str, user_agent: str, within: float) -> bytes:
    """The icon of the page at `url`, which names `named` ('' where it names none) as its icon.

    b'' when there is none, none that may be reached, or none within so many seconds. Never raises for what
    the site does.
    """
    if named.lower().startswith("data:"):
        return _inline(named)
    try:
        address = named or urljoin(url, "/favicon.ico")
    except ValueError:
        return b""
    if not address.lower().startswith(("http://", "https://")):
        return b""
    wanted = {"User-Agent": user_agent, "Accept": "image/*,*/*;q=0.8", "Accept-Encoding": ACCEPT_ENCODING}
    with suppress(aiohttp.ClientError, OSError, TimeoutError, ValueError, Undecodable):
        async with (
            asyncio.timeout(within),
            aiohttp.ClientSession(headers=wanted, auto_decompress=False, trust_env=False) as session,
            # What is wrong with a certificate is the probe's finding.
            session.get(address, proxy=proxy, ssl=False, max_redirects=REDIRECTS) as answer,
        ):
            if answer.status != 200 or answer.content_type.startswith(_NOT):
                return b""
            body = Body(",".join(answer.headers.getall("Content-Encoding", ())), SIZE)
            await body.read(answer.content.iter_any())
            return body.data
    return b""


def _inline(url: str) -> bytes:
    """What a data: URL holds (RFC 2397)."""
    head, comma, data = url.partition(",")
    content = unquote_to_bytes(data) if comma else b""
    if head.lower().rstrip().endswith(";base64"):
        try:
            content = b64decode(content)
        except binascii.Error:
            return b""
    return content[:SIZE]
