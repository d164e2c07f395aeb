"""One portal: what is registered, how its pages stand; pausing, resuming, having it learned."""

from collections.abc import Mapping, Sequence
from functools import partial
from http import HTTPStatus

import structlog
from aiohttp import hdrs, web

from defacewatch.language import N_
from defacewatch.portals import Source
from defacewatch.store import Store
from defacewatch.store.lessons import SAMPLES, Lesson
from defacewatch.store.portals import Registered
from defacewatch.store.states import PageState
from defacewatch.store.wall import WallPage
from defacewatch.web.console import console_of, words_of
from defacewatch.web.forms import texts_of
from defacewatch.web.visitors import console_via, owner_of

LONGEST = 500  # characters of a reason
NEEDS_REASON = N_("Say why, so that whoever comes later knows.")
DONE = {
    "added": N_("The portal is registered."),
    "changed": N_("The portal was changed."),
    "paused": N_("The portal is no longer watched, until somebody resumes it."),
    "resumed": N_("The portal is watched again."),
    "learning": N_("The pages are being learned. Load this page again to see how far it is."),
    "known": N_("All its pages are being learned already."),
    "same": N_("The portal was registered already, exactly so."),
}

log = structlog.get_logger(__name__)


async def show(request: web.Request) -> web.Response:
    return await shown(request)


async def shown(request: web.Request, *, problem: str | None = None) -> web.Response:
    """The page of a portal; with what was in the way (`problem`, not translated) of what was tried."""
    console, words = console_of(request), words_of(request)
    found = await console.store.together(partial(_found, console.store, request.match_info["key"]))
    registered, latest, on_wall, lessons = found
    portal = registered.portal
    return console.renderer.page(
        "portal.html",
        words,
        status=HTTPStatus.CONFLICT if problem else HTTPStatus.OK,
        problem=problem,
        done=DONE.get(request.query.get("done", "")),
        portal=portal,
        registered=registered,
        states={state.page.id: state for state in latest},
        shots={page.page: page.shot for page in on_wall},
        lessons=lessons,
        provisioned=portal.source is Source.FILE,
        place=console.registrar.place(portal.key),
        duration=console.registrar.duration,
    )


async def _found(
    store: Store, key: str
) -> tuple[Registered, Sequence[PageState], Sequence[WallPage], Mapping[str, Lesson]]:
    """The portal, how its pages stand, how the wall shows them, and what they learn."""
    registered = await store.portals.registered(key)
    names = [page.id for page in registered.portal.pages]
    latest, on_wall = await store.checks.latest(names), await store.wall.pages([key])
    return registered, latest, on_wall, await store.lessons.latest(names)


async def pause(request: web.Request) -> web.Response:
    console, fields, key = console_of(request), await texts_of(request), request.match_info["key"]
    reason = fields.get("reason", "").strip()[:LONGEST]
    if not reason:
        return await shown(request, problem=NEEDS_REASON)
    by = owner_of(request).signs_as
    await console.store.portals.pause(
        key, by=by, now=console.clock(), via=console_via(request), reason=reason
    )
    log.info("portal paused", portal=key, by=by)
    return done(key, "paused")


async def resume(request: web.Request) -> web.Response:
    console, key = console_of(request), request.match_info["key"]
    by = owner_of(request).signs_as
    await console.store.portals.resume(key, by=by, now=console.clock(), via=console_via(request))
    log.info("portal resumed", portal=key, by=by)
    return done(key, "resumed")


async def learn(request: web.Request) -> web.Response:
    """Ask for the pages of a portal to be learned, or for the one that is named."""
    console, fields, key = console_of(request), await texts_of(request), request.match_info["key"]
    portal = await console.store.portals.get(key)
    wanted = [page.id for page in portal.pages if fields.get("page") in (None, "", page.id)]
    asked = await console.store.lessons.ask(
        wanted, by=owner_of(request).signs_as, via=console_via(request), samples=SAMPLES, now=console.clock()
    )
    return done(key, "learning" if asked else "known")


async def back(request: web.Request) -> web.Response:
    """Whoever comes to the address of a form's action by a link or a reload: the portal."""
    return seen_instead(request.match_info["key"])


def seen_instead(key: str) -> web.Response:
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={hdrs.LOCATION: f"/portals/{key}"})


def done(key: str, what: str) -> web.Response:
    return web.Response(status=HTTPStatus.SEE_OTHER, headers={hdrs.LOCATION: f"/portals/{key}?done={what}"})
