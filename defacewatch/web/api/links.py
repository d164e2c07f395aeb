"""Addresses that are secrets: calendars, and the agencies' own announcements. Each is told once, here."""

from http import HTTPStatus
from typing import Annotated

from aiohttp import web
from pydantic import Field

from defacewatch import shapes
from defacewatch.web.api import channellines as lines
from defacewatch.web.api.acting import actor, watched
from defacewatch.web.api.described import post
from defacewatch.web.api.shared import Body
from defacewatch.web.console import console_of
from defacewatch.web.maintenance import announce_address, end_address
from defacewatch.web.rota import calendar_address

TAG = "duty"


class Giving(Body):
    renew: Annotated[bool, Field(description="A new address; the one that was given out ends.")] = False


@post("/roster/calendar-link", lines.Address, tag=TAG, status=HTTPStatus.CREATED, also=())
async def calendar(request: web.Request, body: Giving) -> shapes.Line:
    """The address of one's own turns for a phone to subscribe to. Whoever has it sees them."""
    return {"url": await calendar_address(request, renew=body.renew, actor=actor(request))}


@post("/portals/{portal}/announce-link", lines.Address, tag=TAG, status=HTTPStatus.CREATED, also=())
async def announce(request: web.Request, body: Giving) -> shapes.Line:
    """The address by which a portal's agency announces its updates, without an account; for whoever arranges
    (shift leads, administrators) to give out."""
    key = (await watched(request)).key
    return {"url": await announce_address(request, key, renew=body.renew, actor=actor(request))}


@post("/portals/{portal}/announce-link/revoke", lines.AddressEnded, tag=TAG, also=())
async def revoke(request: web.Request) -> shapes.Line:
    """End the address that was given out to an agency, and give out none; of a disabled portal as well."""
    key = (await console_of(request).store.portals.get(request.match_info["portal"])).key
    await end_address(request, key, actor=actor(request))
    return {"ended": key}


OPERATIONS = (calendar, announce, revoke)
