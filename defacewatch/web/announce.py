"""An agency announces an update of its portal by a link of its own, without an account."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from zoneinfo import ZoneInfo

import structlog
from aiohttp import web

from defacewatch.errors import Conflict, NotFound, UsageError
from defacewatch.language import N_
from defacewatch.portals import Portal
from defacewatch.signing import signature
from defacewatch.web.access import same
from defacewatch.web.console import console_of, words_of
from defacewatch.web.forms import fields_of
from defacewatch.web.security import ANNOUNCE, failure, forged
from defacewatch.windows import LINK, TEXT, Window, checked

log = structlog.get_logger(__name__)

ROUTE = ANNOUNCE + r"{portal:[\w.-]{1,64}}/{token:[0-9a-f]{40}}"
FORM = "%Y-%m-%dT%H:%M"  # as a browser's field for a local time has it
USUAL = timedelta(hours=4)  # that the form proposes
WRONG = N_("Please check the times and what you wrote: {problem}")


def announce_url(public_url: str, secret_key: bytes, portal: str, issue: int) -> str:
    return f"{public_url}{ANNOUNCE}{portal}/{_token(secret_key, portal, issue)}"


def link_name(portal: str) -> str:
    """Under which the store counts the addresses that were given out."""
    return f"announce:{portal}"


async def form(request: web.Request) -> web.Response:
    found = await _portal(request)
    if isinstance(found, web.Response):
        return found
    now = console_of(request).clock().astimezone(ZoneInfo(console_of(request).zone))
    start = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    given = {"from": start.strftime(FORM), "to": (start + USUAL).strftime(FORM)}
    return _page(request, found, given)


async def announce(request: web.Request) -> web.Response:
    """Enter what was announced; those on duty are told of it."""
    found = await _portal(request)
    if isinstance(found, web.Response):
        return found
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return failure(request, HTTPStatus.FORBIDDEN)
    console = console_of(request)
    fields = await fields_of(request)
    given = {
        name: str(fields.get(name, ""))[: 2 * TEXT] for name in ("from", "to", "by", "reason", "contact")
    }
    now = console.clock()
    try:
        window = checked(_window(found.key, given, ZoneInfo(console.zone)), now)
        number = await console.store.windows.announce(window, now=now)
    except (UsageError, Conflict) as problem:
        return _page(request, found, given, problem=problem.said(words_of(request)._))
    log.info("announced", portal=found.key, window=number, by=window.by, remote=request.remote)
    console.wake()
    return _page(request, found, given, window=window)


async def _portal(request: web.Request) -> Portal | web.Response:
    """The portal that a link is for, or why it is refused. Wrong ones are all alike."""
    console = console_of(request)
    key, given = request.match_info["portal"], request.match_info["token"]
    issue = await console.store.links.issue(link_name(key))
    if not same(given, _token(console.secret_key, key, issue)):
        return forged(request)
    try:
        return await console.store.portals.get(key)
    except NotFound:
        return failure(request, HTTPStatus.NOT_FOUND)


def _window(portal: str, given: Mapping[str, str], zone: ZoneInfo) -> Window:
    """What a form says. Raises UsageError for times that are none."""
    try:
        start, end = (datetime.strptime(given[name], FORM).replace(tzinfo=zone) for name in ("from", "to"))
    except ValueError:
        raise UsageError(N_("both times are needed")) from None
    return Window(portal, start, end, given["by"], given["reason"], given["contact"], LINK)


def _page(
    request: web.Request,
    portal: Portal,
    given: Mapping[str, str],
    *,
    problem: str | None = None,
    window: Window | None = None,
) -> web.Response:
    words = words_of(request)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    said = words._(WRONG).format(problem=problem) if problem else None
    return console_of(request).renderer.page(
        "announce.html",
        words,
        status=status,
        portal=portal,
        given=given,
        problem=said,
        window=window,
        most=TEXT,
    )


def _token(secret_key: bytes, portal: str, issue: int) -> str:
    return signature(secret_key, "announce", portal, issue)
