"""Changing what is registered, by what `portals import` and the console do."""

from http import HTTPStatus
from typing import Annotated

from aiohttp import web
from pydantic import Field

from defacewatch import shapes
from defacewatch.errors import Conflict
from defacewatch.registering import Move, Sheet, Unacceptable, digest
from defacewatch.store.portals import STALE
from defacewatch.web.api import lines
from defacewatch.web.api.acting import signs_as, source
from defacewatch.web.api.described import File, get, post, sent
from defacewatch.web.api.shared import Body, Query, Said
from defacewatch.web.console import Console, console_of
from defacewatch.web.portalfiles import LARGEST_FILE, sheet_of
from defacewatch.web.problems import Invalid, Wrong

TAG = "watching"
CSV, YAML = "text/csv", "application/yaml"


class Importing(Query):
    dry_run: Annotated[bool, Field(description="Only say what it would do.")] = False
    change: Annotated[
        bool, Field(description="Change those that are registered otherwise, instead of refusing all.")
    ] = False
    seen: Annotated[
        str | None,
        Field(
            pattern="^[0-9a-f]{64}$",
            description="The `digest` of the dry run that was looked at: does exactly that, changes included,"
            " or nothing (409).",
        ),
    ] = None


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
    422 names what is wrong by lines, 409 what is registered otherwise. `dry_run` answers what it would do,
    with a `digest` of all of it; with that as `seen` it does exactly this, changes
    included, or nothing."""
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
    if query.dry_run:
        return await _foretold(console, sheet, query.seen)
    done = await console.store.portals.import_(
        sheet.portals,
        said=sheet.said,
        change=query.change or query.seen is not None,  # as it was shown
        seen=query.seen or "",
        now=console.clock(),
        by=signs_as(request),
        via=source(request),
    )
    moves = {"added": done.added, "same": done.same, "changed": done.changed, "refused": ()}
    return {"dry_run": False, "digest": None, **{name: list(keys) for name, keys in moves.items()}}


async def _foretold(console: Console, sheet: Sheet, seen: str | None) -> shapes.Line:
    """What importing a sheet would do. Raises Conflict where that is something else than was `seen`."""
    steps = await console.store.portals.preview(sheet.portals, sheet.said)
    if seen not in (None, digest(steps)):
        raise Conflict(STALE)
    moves = {move.value: [step.portal.key for step in steps if step.move is move] for move in Move}
    return {"dry_run": True, "digest": digest(steps), **moves}


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
