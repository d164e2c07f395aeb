"""What is left out of the comparison: masks, drawn, confirmed and ended; and mutes of false alarms."""

import asyncio
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

from aiohttp import web
from pydantic import Field

from defacewatch import masking, shapes
from defacewatch.errors import UsageError
from defacewatch.masklines import mask_line, rectangle_line
from defacewatch.masks import (
    BLOCKS,
    LONGEST,
    MOST,
    PATH,
    TALLEST,
    TEXT,
    USUAL,
    WIDTH,
    Mask,
    Rectangle,
    on_grid,
    suggested,
)
from defacewatch.web.api import masklines as lines
from defacewatch.web.api.acting import signs_as, source
from defacewatch.web.api.cursors import number, part
from defacewatch.web.api.described import get, post
from defacewatch.web.api.shared import Body, Pages, Query, Said, Text, Word
from defacewatch.web.console import console_of
from defacewatch.web.differences import known_to_move
from defacewatch.web.masks import choices_of, covered, suggestions
from defacewatch.web.readers import READERS

TAG = "masks"
Across = Annotated[int, Field(ge=0, le=WIDTH)]
Down = Annotated[int, Field(ge=0, le=TALLEST)]
Block = Annotated[Text, Field(min_length=1, max_length=PATH)]


class OfMasks(Pages):
    page: Word | None = None
    over: Annotated[bool, Field(description="Those that expired or were ended, too.")] = False


class OfMutes(Pages):
    page: Word | None = None


class Asked(Query):
    """A rectangle, about which all four are said or none."""

    left: Across | None = None
    top: Down | None = None
    width: Across | None = None
    height: Down | None = None


class Drawing(Body):
    """A rectangle (px of the page as it is captured, 1280 wide), which grows to the grid that screens are
    compared on; and blocks of the document."""

    left: Across
    top: Down
    width: Across
    height: Down
    reason: Annotated[Said, Field(max_length=TEXT, description="Why this part moves, and means nothing.")]
    days: Annotated[int, Field(ge=1, le=LONGEST.days)] = USUAL.days
    blocks: Annotated[tuple[Block, ...], Field(max_length=BLOCKS)] = ()
    capture: Annotated[
        Word, Field(description="The approved look on which it was drawn: 409 where it is another by now.")
    ]


@get("/masks", lines.Masks, tag=TAG)
async def masks(request: web.Request, query: OfMasks) -> web.Response:
    """Masks that apply or wait for a second person, the newest first."""
    console, now, before = console_of(request), console_of(request).clock(), number("masks", query.cursor)
    found = await console.store.masks.some(
        query.limit + 1, before=before, page=query.page, now=None if query.over else now
    )
    critical = await console.store.masks.critical(found)

    def line(mask: Mask) -> shapes.Line:
        return mask_line(mask, critical=mask.page in critical, now=now)

    return part(request, "masks", query, found, line, lambda mask: (mask.id,))


@get("/pages/{page}/maskable", lines.Ground, tag=TAG, also=(HTTPStatus.CONFLICT,))
async def maskable(request: web.Request, query: Asked) -> shapes.Line:
    """What masks of a page are drawn on: its approved look, the blocks of it that can be named, and what is
    known to move. Asked about a rectangle, what that would cover."""
    console, now = console_of(request), console_of(request).clock()
    sheet = await masking.sheet_of(console.store, request.match_info["page"])
    drawn = _rectangle(query)
    living = sheet.living(now)
    moving = known_to_move((await console.store.checks.context(sheet.page.id, now=now)).profile)
    choices = await asyncio.to_thread(choices_of, sheet, drawn)
    return {
        "page": sheet.page.id,
        "capture": sheet.capture.id,
        "height": sheet.height,
        "critical": sheet.portal.critical,
        "used": covered(mask.rectangle for mask in living),
        "most": MOST,
        "drawn": None if drawn is None else rectangle_line(drawn),
        "covers": None if drawn is None else covered([drawn]),
        "moving": [rectangle_line(one) for one in suggested(moving)],
        "suggested": [rectangle_line(one) for one in suggestions(moving, living)],
        "blocks": [
            {
                "block": one.path,
                "covered": one.covered,
                "boxes": [rectangle_line(box) for box in one.boxes],
            }
            for one in choices
        ],
    }


@post("/pages/{page}/masks", lines.MaskLine, tag=TAG, status=HTTPStatus.CREATED)
async def draw(request: web.Request, body: Drawing) -> shapes.Line:
    """Leave a part of a page out of the comparison. Evidence of attack is never left out. On a critical
    portal it waits for a second person, and both are officers of the roster."""
    console, now = console_of(request), console_of(request).clock()
    mask = Mask(
        page=request.match_info["page"],
        rectangle=Rectangle(body.left, body.top, body.width, body.height),
        reason=body.reason,
        by=signs_as(request),
        at=now,
        expires=now + timedelta(days=body.days),
        capture=body.capture,
        blocks=body.blocks,
    )
    workers = request.app[READERS]
    entered = await masking.draw(
        console.store, mask, roster=console.roster(), workers=workers, now=now, via=source(request)
    )
    return await _line(request, entered)


@post("/masks/{id}/confirm", lines.MaskLine, tag=TAG)
async def confirm(request: web.Request) -> shapes.Line:
    """Put a mask of a critical portal in force; somebody else than who drew it."""
    console, wanted = console_of(request), int(request.match_info["id"])
    confirmed = await masking.confirm(
        console.store,
        wanted,
        by=signs_as(request),
        roster=console.roster(),
        now=console.clock(),
        via=source(request),
    )
    return await _line(request, confirmed)


@post("/masks/{id}/end", lines.MaskLine, tag=TAG)
async def end(request: web.Request) -> shapes.Line:
    """End a mask before its time. The page is looked at afresh."""
    console, wanted = console_of(request), int(request.match_info["id"])
    ended = await console.store.masks.end(
        wanted, by=signs_as(request), now=console.clock(), via=source(request)
    )
    return await _line(request, ended)


@get("/mutes", lines.Mutes, tag=TAG)
async def mutes(request: web.Request, query: OfMutes) -> web.Response:
    """What false alarms have muted and is told of no more, the newest first."""
    console, before = console_of(request), number("mutes", query.cursor)
    found = await console.store.mutes.holding(
        console.clock(), page=query.page, before=before, limit=query.limit + 1
    )
    return part(request, "mutes", query, found, shapes.mute_line, lambda mute: (mute.id,))


@post("/mutes/{id}/end", lines.MuteLine, tag=TAG)
async def end_mute(request: web.Request) -> shapes.Line:
    """End a mute: its difference is told of again."""
    console, wanted = console_of(request), int(request.match_info["id"])
    ended = await console.store.mutes.end(
        wanted, by=signs_as(request), now=console.clock(), via=source(request)
    )
    console.wake()
    return shapes.mute_line(ended)


def _rectangle(asked: Asked) -> Rectangle | None:
    """What is asked about, on the grid. Raises UsageError where it is half said, or no part of a page."""
    sides = (asked.left, asked.top, asked.width, asked.height)
    if all(side is None for side in sides):
        return None
    if any(side is None for side in sides):
        raise UsageError("left, top, width and height go together")
    return on_grid(Rectangle(*(side or 0 for side in sides)))


async def _line(request: web.Request, mask: Mask) -> shapes.Line:
    console = console_of(request)
    portal, _ = await console.store.portals.page(mask.page)
    return mask_line(mask, critical=portal.critical, now=console.clock())


OPERATIONS = (masks, maskable, draw, confirm, end, mutes, end_mute)
