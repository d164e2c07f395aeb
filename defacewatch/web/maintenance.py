"""Maintenance windows: what runs and what comes, announcing and ending them, and the agencies' own links."""

from datetime import datetime, timedelta

from aiohttp import web

from defacewatch.audit import Act, Actor
from defacewatch.errors import DefacewatchError, UsageError
from defacewatch.language import N_
from defacewatch.roster import Roster
from defacewatch.rostering import names
from defacewatch.web.announce import announce_url, link_name
from defacewatch.web.console import console_of, words_of
from defacewatch.web.desk import VIA, arranging, by, local, page, refused, roster_of, whole, worked, written
from defacewatch.web.forms import texts_of
from defacewatch.web.visitors import actor_of, console_via
from defacewatch.web.words import Words
from defacewatch.windows import LINK, TEXT, Announced, Window, checked

USUAL = timedelta(hours=4)  # that the form proposes
AHEAD = 200  # windows that run or are to come and listed
HISTORY = 50  # windows that are over and listed
NO_PORTAL = N_("Choose a portal.")
STATES = {
    "runs": N_("runs now"),
    "comes": N_("to come"),
    "over": N_("over"),
    "withdrawn": N_("ended early"),
    "called-off": N_("called off"),
}


async def show(request: web.Request) -> web.Response:
    return await _page(request)


async def announce(request: web.Request) -> web.Response:
    console, fields = console_of(request), await texts_of(request)
    now = console.clock()
    try:
        key = await _portal(request, fields)
        start, end = (local(fields.get(name, ""), console.zone) for name in ("from", "to"))
        reason, contact = fields.get("reason", ""), fields.get("contact", "")
        window = checked(Window(key, start, end, by(request), reason, contact, VIA), now)
        await console.store.windows.announce(window, now=now, source=console_via(request))
    except DefacewatchError as problem:
        return await _page(request, problem=problem, given=fields)
    console.wake()
    return worked("/duty/windows", "announced")


async def end(request: web.Request) -> web.Response:
    """End a window before its time, or call it off before it begins: any officer, as it hides nothing."""
    console, number = console_of(request), int(request.match_info["id"])
    try:
        await console.store.windows.withdraw(
            number, by=by(request), now=console.clock(), via=console_via(request)
        )
    except UsageError as problem:
        return await _page(request, problem=problem)
    return worked("/duty/windows", "ended")


async def link(request: web.Request) -> web.Response:
    """The address by which an agency announces, shown once; `renew` ends the one that was given out, and
    `revoke` does so and shows none."""
    fields, actor = await texts_of(request), actor_of(request)
    try:
        key = await _portal(request, fields)
        if fields.get("revoke"):
            await end_address(request, key, actor=actor)
            return await _page(request, revoked=key)
        url = await announce_address(request, key, renew=bool(fields.get("renew")), actor=actor)
    except DefacewatchError as problem:
        return await _page(request, problem=problem)
    return await _page(request, link=(key, url))


async def announce_address(request: web.Request, key: str, *, renew: bool, actor: Actor) -> str:
    """The address by which the agency of a portal announces; `renew` ends the one that was given out before.
    Raises Refused for whoever does not arrange."""
    console, name = console_of(request), link_name(key)
    issue = await (end_address(request, key, actor=actor) if renew else _issue(request, key))
    await console.store.audit.note(actor, Act.ADDRESS_GIVEN, at=console.clock(), of=f"address {name}")
    return announce_url(console.public_url, console.secret_key, key, issue)


async def end_address(request: web.Request, key: str, *, actor: Actor) -> int:
    """End the address that was given out; the issue that holds from now on. Raises Refused for whoever does
    not arrange."""
    await _arranges(request, key)
    console = console_of(request)
    return await console.store.links.renew(link_name(key), actor=actor, now=console.clock())


async def _issue(request: web.Request, key: str) -> int:
    await _arranges(request, key)
    return await console_of(request).store.links.issue(link_name(key))


async def _arranges(request: web.Request, key: str) -> None:
    if not arranging(request, await roster_of(request)):
        raise refused(request, of=key)


async def _portal(request: web.Request, fields: dict[str, str]) -> str:
    """The portal that a form names. Raises UsageError where it names none that there is."""
    key = fields.get("portal", "")
    known = {portal.key for portal in await console_of(request).store.portals.all()}
    if key not in known:
        raise UsageError(NO_PORTAL)
    return key


def state_of(one: Announced, now: datetime) -> str:
    """Under which of `STATES` a window is."""
    if one.withdrawn_at is not None:
        return "withdrawn" if one.withdrawn_at > one.window.start else "called-off"
    if now >= one.window.end:
        return "over"
    return "runs" if now >= one.window.start else "comes"


async def _page(
    request: web.Request,
    *,
    problem: DefacewatchError | None = None,
    given: dict[str, str] | None = None,
    link: tuple[str, str] | None = None,
    revoked: str | None = None,
) -> web.Response:
    console, now = console_of(request), console_of(request).clock()
    roster = await roster_of(request)
    portals = {portal.key: portal for portal in await console.store.portals.all()}
    count, ahead = await console.store.windows.ahead(now, AHEAD)
    over = await console.store.windows.over(now, HISTORY)
    start = whole(now, console.zone) + timedelta(hours=1)
    usual = {"from": written(start, console.zone), "to": written(start + USUAL, console.zone)}
    return page(
        request,
        "desk_windows.html",
        "windows",
        roster,
        problem=problem,
        current=[(one, state_of(one, now)) for one in ahead],
        more=count - len(ahead),
        past=[(one, state_of(one, now)) for one in over],
        states=STATES,
        announcer=lambda window: _announcer(window, roster, words_of(request)),
        portals=portals,
        choices=sorted((p for p in portals.values() if p.enabled), key=lambda one: one.name),
        given=usual | (given or {}),
        link=link,
        revoked=revoked,
        most=TEXT,
    )


def _announcer(window: Window, roster: Roster, words: Words) -> str:
    """Who announced a window. What was typed behind a link is no officer's name, whatever it says."""
    if window.via == LINK:
        return f"“{words.text(window.by)}” ({words._(N_('by the agency’s link'))})"
    return words.text(names(roster, [window.by]))
