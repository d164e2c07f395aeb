"""The turns of duty for a phone to subscribe to. Calendars send no token, so the address is the secret."""

from datetime import timedelta
from http import HTTPStatus

from aiohttp import web

from defacewatch.calendars import calendar_of
from defacewatch.language import translator
from defacewatch.shifts import turns
from defacewatch.signing import signature
from defacewatch.web.access import same
from defacewatch.web.console import console_of
from defacewatch.web.security import CALENDAR, failure, forged

EVERYBODY = "_all"  # no officer's key begins so
BEFORE, AFTER = timedelta(days=7), timedelta(days=60)  # now, that are listed


def calendar_token(secret_key: bytes, whose: str, issue: int) -> str:
    """What opens a calendar, the `issue`-th that was given out for it. A higher number ends those before."""
    return signature(secret_key, "calendar", whose, issue)


def calendar_url(public_url: str, secret_key: bytes, whose: str, issue: int) -> str:
    return f"{public_url}{CALENDAR}{whose}/{calendar_token(secret_key, whose, issue)}.ics"


async def calendar(request: web.Request) -> web.Response:
    """One officer's turns, or everybody's. Wrong addresses are all alike, and few are answered."""
    console = console_of(request)
    whose, given = request.match_info["whose"], request.match_info["token"]
    issue = await console.store.links.issue(link_name(whose))
    if not same(given, calendar_token(console.secret_key, whose, issue)):
        return forged(request)
    roster = console.roster()
    officer = roster.officer(whose)
    if officer is None and whose != EVERYBODY:
        return failure(request, HTTPStatus.NOT_FOUND)
    now = console.clock()
    language = officer.language if officer is not None and officer.language else console.language
    body = calendar_of(
        turns(roster, now - BEFORE, now + AFTER),
        roster,
        officer=officer,
        translate=translator(language),
        now=now,
    )
    return web.Response(body=body, content_type="text/calendar", charset="utf-8")


def link_name(whose: str) -> str:
    """Under which the store counts the addresses that were given out."""
    return f"calendar:{whose}"
