"""What programs do through /api/v1 for the owner of their token: acknowledge, comment."""

import json
from http import HTTPStatus

from aiohttp import web

from defacewatch.audit import Actor, Program
from defacewatch.errors import Conflict, UsageError
from defacewatch.shapes import incident_line
from defacewatch.web.console import console_of
from defacewatch.web.visitors import actor_of, owner_of, visitor_of

VIA = "api"
LONGEST = 2000  # characters of a remark


async def acknowledge(request: web.Request) -> web.Response:
    """Take an incident; 409 when somebody has it."""
    console, number = console_of(request), int(request.match_info["id"])
    try:
        await console.store.incidents.acknowledge(
            number, by=owner_of(request).signs_as, via=VIA, now=console.clock(), program=_program(request)
        )
    except Conflict as stands:
        return web.json_response({"error": str(stands)}, status=HTTPStatus.CONFLICT)
    console.wake()
    view = await console.store.incidents.get(number)
    return web.json_response(incident_line(view.incident, view.portal, view.page, campaign=view.campaign))


async def comment(request: web.Request) -> web.Response:
    """Add a remark: `{"text": "…"}`."""
    console, number = console_of(request), int(request.match_info["id"])
    try:
        given = await request.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise UsageError("the body is JSON") from None
    text = given.get("text") if isinstance(given, dict) else None
    if not isinstance(text, str) or not text.strip() or len(text) > LONGEST:
        raise UsageError(f'say what: {{"text": "…"}}, at most {LONGEST} characters')
    await console.store.incidents.comment(
        number,
        by=owner_of(request).signs_as,
        text=text.strip(),
        via=VIA,
        now=console.clock(),
        program=_program(request),
    )
    return web.json_response({"incident": number}, status=HTTPStatus.CREATED)


def _program(request: web.Request) -> Program:
    """As the audit log names it: the account, where the request came from, and the token."""
    actor = actor_of(request)
    return Program(Actor(actor.who, f"{VIA}:{actor.source}"), visitor_of(request).token)
