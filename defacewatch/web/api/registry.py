"""Changing what is registered."""

from aiohttp import web

from defacewatch import shapes
from defacewatch.web.api import lines
from defacewatch.web.api.acting import signs_as, source
from defacewatch.web.api.described import post
from defacewatch.web.console import console_of

TAG = "watching"


@post("/portals/{portal}/pause", lines.PortalLine, tag=TAG, also=())
async def pause(request: web.Request) -> shapes.Line:
    """Stop watching a portal for the time being."""
    console, key = console_of(request), request.match_info["portal"]
    by, now = signs_as(request), console.clock()
    return shapes.portal_line(await console.store.portals.pause(key, by=by, now=now, via=source(request)))


@post("/portals/{portal}/resume", lines.PortalLine, tag=TAG, also=())
async def resume(request: web.Request) -> shapes.Line:
    """Watch a paused portal again."""
    console, key = console_of(request), request.match_info["portal"]
    by, now = signs_as(request), console.clock()
    return shapes.portal_line(await console.store.portals.resume(key, by=by, now=now, via=source(request)))


OPERATIONS = (pause, resume)
