"""What forms bring."""

import asyncio
from collections.abc import Mapping

from aiohttp import web

WITHIN = 10.0  # seconds for a form to arrive


async def fields_of(request: web.Request) -> Mapping[str, object]:
    """What a form brings; it has `WITHIN` to arrive. Read once, it is remembered."""
    try:
        async with asyncio.timeout(WITHIN):
            return await request.post()
    except TimeoutError:
        raise web.HTTPBadRequest from None


async def texts_of(request: web.Request) -> dict[str, str]:
    """The fields that are text."""
    return {name: value for name, value in (await fields_of(request)).items() if isinstance(value, str)}
