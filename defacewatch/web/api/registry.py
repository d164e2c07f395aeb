"""Changing what is registered, by what `portals import` and the console do."""

from http import HTTPStatus
from typing import Annotated

from aiohttp import web
from pydantic import Field

from defacewatch import shapes
from defacewatch.registering import Move, Unacceptable
from defacewatch.web.api import lines
from defacewatch.web.api.acting import signs_as, source
from defacewatch.web.api.described import File, get, post, sent
from defacewatch.web.api.shared import Body, Query, Said
from defacewatch.web.console import console_of
from defacewatch.web.portalfiles import LARGEST_FILE, sheet_of
from defacewatch.web.problems import Invalid, Wrong

TAG = "watching"
CSV, YAML = "text/csv", "application/yaml"


class Importing(Query):
    dry_run: Annotated[bool, Field(description="Only say what it would do.")] = False
    change: Annotated[
        bool, Field(description="Change those that are registered otherwise, instead of refusing all.")
    ] = False


@get("/portals.yaml", File(YAML, "As portals.yaml has it."), tag=TAG)
async def as_yaml(request: web.Request) -> web.Response:
    """All portals that are not disabled, as `portals import` reads them."""
    console = console_of(request)
    text = console.registrar.yaml(await console.store.portals.all())
    return web.Response(text=text, content_type=YAML)


@get("/portals.csv", File(CSV, "A row for each page."), tag=TAG)
async def as_csv(request: web.Request) -> web.Response:
    """The same for a spreadsheet; contacts, urgencies and intervals are left out."""
    console = console_of(request)
    text = console.registrar.csv(await console.store.portals.all())
    return web.Response(text=text, content_type=CSV)


@post("/portals/import", lines.Imported, tag=TAG, takes=(YAML, CSV))
async def import_(request: web.Request, query: Importing) -> shapes.Line:
    """Register the portals of a file, YAML (or JSON) or, by its type, CSV; one or many. All or nothing:
    422 names what is wrong by lines, 409 what is registered otherwise."""
    console = console_of(request)
    try:
        raw = await sent(request.clone(client_max_size=LARGEST_FILE))
    except RuntimeError:  # a form's token was looked for in it, so it is small
        raw = await sent(request)
    name = "portals.csv" if request.content_type == CSV else "portals.yaml"
    try:
        sheet = await sheet_of(request, raw, name)
    except Unacceptable as problem:
        wrong = [Wrong(one.field, f"line {one.line}", one.text) for one in problem.wrong]
        raise Invalid(wrong, HTTPStatus.UNPROCESSABLE_ENTITY) from None
    steps = await console.store.portals.preview(sheet.portals, sheet.said)
    found = {move.value: [step.portal.key for step in steps if step.move is move] for move in Move}
    if not query.dry_run:
        await console.store.portals.import_(
            sheet.portals,
            said=sheet.said,
            change=query.change,
            now=console.clock(),
            by=signs_as(request),
            via=source(request),
        )
    return {
        "dry_run": query.dry_run,
        **{name: found[name] for name in ("added", "same", "changed", "refused")},
    }


class Pausing(Body):
    reason: Said


@post("/portals/{portal}/pause", lines.PortalLine, tag=TAG, also=())
async def pause(request: web.Request, body: Pausing) -> shapes.Line:
    """Stop watching a portal for the time being. Those on duty and the leadership are told."""
    console, key = console_of(request), request.match_info["portal"]
    paused = await console.store.portals.pause(
        key, by=signs_as(request), now=console.clock(), via=source(request), reason=body.reason
    )
    return shapes.portal_line(paused)


@post("/portals/{portal}/resume", lines.PortalLine, tag=TAG, also=())
async def resume(request: web.Request) -> shapes.Line:
    """Watch a paused portal again."""
    console, key = console_of(request), request.match_info["portal"]
    by, now = signs_as(request), console.clock()
    return shapes.portal_line(await console.store.portals.resume(key, by=by, now=now, via=source(request)))


OPERATIONS = (as_yaml, as_csv, import_, pause, resume)
