"""The worker process that reads what people send and wait for: lists to be imported, documents of masks that
are drawn. Differences have a process of their own (differences.py), and hold up neither."""

import asyncio

from aiohttp import web

from defacewatch.workers import Workers

READERS: web.AppKey[Workers] = web.AppKey("readers")


async def end(app: web.Application) -> None:
    await asyncio.to_thread(app[READERS].stop)
