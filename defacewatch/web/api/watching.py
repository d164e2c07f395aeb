"""What is watched and what was seen: portals, pages, checks, captures."""

from typing import Annotated

from aiohttp import web
from pydantic import Field

from defacewatch import shapes
from defacewatch.captures import Capture
from defacewatch.language import Translate
from defacewatch.portals import Page, Portal
from defacewatch.store.states import CheckRow, PageState
from defacewatch.web import pictures
from defacewatch.web.api import lines
from defacewatch.web.api.cursors import Place, moment_and, part, word
from defacewatch.web.api.described import File, get
from defacewatch.web.api.shared import Pages, Query, Word
from defacewatch.web.console import console_of, words_of

TAG = "watching"
OfPage = Annotated[Word, Field(description="A page's id (/api/v1/pages).")]


class OfPortals(Pages):
    disabled: Annotated[bool, Field(description="The disabled ones too.")] = False


class ByPage(Pages):
    page: OfPage


@get("/portals", lines.Portals, tag=TAG)
async def portals(request: web.Request, query: OfPortals) -> web.Response:
    """The portals, by key."""
    after = word("portals", query.cursor)
    store = console_of(request).store
    found = await store.portals.some(query.limit + 1, after=after, disabled=query.disabled)
    return part(request, "portals", query, found, shapes.portal_line, lambda portal: (portal.key,))


@get("/portals/{portal}", lines.PortalShown, tag=TAG)
async def portal(request: web.Request) -> shapes.Line:
    """One portal with its registration, disabled ones included."""
    console = console_of(request)
    found = await console.store.portals.registered(request.match_info["portal"])
    return shapes.portal_line(found.portal) | {
        "changed_urgency": found.portal.changed_urgency.value,
        "defaced_urgency": found.portal.defaced_urgency.value,
        "place": console.registrar.place(found.portal.key),
        "created_at": shapes.moment(found.created_at),
        "updated_at": shapes.moment(found.updated_at),
        "paused_by": found.paused_by,
        "paused_at": shapes.moment(found.paused_at),
        "paused_reason": found.paused_reason,
    }


@get("/pages", lines.PageStates, tag=TAG)
async def pages(request: web.Request, query: Pages) -> web.Response:
    """How each watched page stands, by the ids of the pages."""
    after = word("pages", query.cursor)
    found = await console_of(request).store.checks.latest(after=after, limit=query.limit + 1)
    return part(request, "pages", query, found, _state_line, lambda state: (state.page.id,))


@get("/pages/{page}", lines.PageStateLine, tag=TAG)
async def page(request: web.Request) -> shapes.Line:
    """How one page stands, disabled ones included."""
    store, name = console_of(request).store, request.match_info["page"]
    await store.portals.page(name)
    (state,) = await store.checks.latest([name])
    return _state_line(state)


@get("/checks", lines.Checks, tag=TAG)
async def checks(request: web.Request, query: ByPage) -> web.Response:
    """The kept checks of a page, newest first: all that found something, and all with the browser."""
    store, translate = console_of(request).store, words_of(request)._
    before = moment_and("checks", query.cursor, int)
    of_portal, of_page = await store.portals.page(query.page)
    found = await store.checks.history(query.page, query.limit + 1, before=before)

    def line(check: CheckRow) -> shapes.Line:
        return _check_line(of_portal, of_page, check, translate)

    return part(request, "checks", query, found, line, lambda check: (check.at, check.id))


@get("/captures", lines.Captures, tag=TAG)
async def captures(request: web.Request, query: ByPage) -> web.Response:
    """The captures of a page whose pictures are still there, newest first."""
    store = console_of(request).store
    before = moment_and("captures", query.cursor, str)
    await store.portals.page(query.page)
    found = await store.baselines.captures(query.page, query.limit + 1, before=before)
    return part(request, "captures", query, found, shapes.capture_line, _place_of_capture)


@get("/captures/{capture}", lines.CaptureShown, tag=TAG)
async def capture(request: web.Request) -> shapes.Line:
    """One capture. What it holds of the page is untrusted text."""
    store = console_of(request).store
    found = await store.baselines.capture(request.match_info["capture"])
    return {
        **shapes.capture_line(found),
        "screenshot": found.screenshot,
        "approved": await store.baselines.is_approved(found.id),
        "details": shapes.plain(found.details),
    }


@get("/captures/{capture}/picture", File("image/png", "The screenshot."), tag=TAG)
async def picture(request: web.Request, query: Query) -> web.StreamResponse:
    """What a page looked like."""
    store = console_of(request).store
    found = await store.baselines.capture(request.match_info["capture"])
    body = await store.pictures(found.screenshot)
    kind = next((kind for magic, kind in pictures.KINDS.items() if body.startswith(magic)), None)
    if kind is None:
        raise web.HTTPNotFound
    return pictures.answer(body, kind)


def _state_line(state: PageState) -> shapes.Line:
    return shapes.page_state_line(
        state.portal,
        state.page,
        verdict=state.verdict,
        score=state.score,
        checked_at=state.checked_at,
        captured_at=state.captured_at,
        capture=state.capture,
        incident=None if state.incident is None else state.incident.id,
        has_baseline=state.has_baseline,
    )


def _check_line(portal: Portal, page: Page, check: CheckRow, translate: Translate) -> shapes.Line:
    return shapes.check_line(
        portal,
        page,
        check.verdict,
        at=check.at,
        tier=check.tier,
        translate=translate,
        dom_hash=check.dom_hash,
        screen_hash=check.screen_hash,
        capture=check.capture,
        incident=check.incident,
    )


def _place_of_capture(capture: Capture) -> Place:
    return capture.at, capture.id


OPERATIONS = (portals, portal, pages, page, checks, captures, capture, picture)
