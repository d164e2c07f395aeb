"""What forms bring."""

import asyncio
from collections.abc import Mapping

from aiohttp import web

WITHIN = 10.0  # seconds for a form to arrive
FILES = web.RequestKey("files", list[web.FileField])  # that came with it


async def fields_of(request: web.Request) -> Mapping[str, object]:
    """What a form brings; it has `WITHIN` to arrive. Read once, it is remembered."""
    try:
        async with asyncio.timeout(WITHIN):
            found = await request.post()
    except (TimeoutError, LookupError, ValueError):  # ValueError: of text that is none in its charset
        raise web.HTTPBadRequest from None
    request[FILES] = [value for value in found.values() if isinstance(value, web.FileField)]
    if any(not _is_text(part) for pair in found.items() for part in pair if isinstance(part, str)):
        raise web.HTTPBadRequest
    return found


def close_files(request: web.Request) -> None:
    """Give back what the files of a form, where it was read, take."""
    for sent in request.get(FILES, []):
        sent.file.close()


async def texts_of(request: web.Request) -> dict[str, str]:
    """The fields that are text."""
    return {name: value for name, value in (await fields_of(request)).items() if isinstance(value, str)}


def _is_text(text: str) -> bool:
    """Whether a text can be kept: neither NUL, which PostgreSQL refuses, nor halves of characters."""
    return "\0" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)
