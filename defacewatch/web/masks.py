"""The masks of a page: drawn on its approved look, confirmed by a second person, ended; and those that its
profile suggests."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from http import HTTPStatus

import structlog
from aiohttp import hdrs, web

from defacewatch import masking
from defacewatch.accounts import Role
from defacewatch.errors import Conflict, UsageError
from defacewatch.language import N_
from defacewatch.masking import Sheet
from defacewatch.masks import (
    LONGEST,
    MOST,
    TALLEST,
    TEXT,
    USUAL,
    WIDTH,
    Mask,
    Rectangle,
    Standing,
    cells_of,
    hides,
    on_grid,
    suggested,
    tiles_of,
)
from defacewatch.tiles import COUNT
from defacewatch.web.console import Actor, acting, console_of, csrf_field, words_of
from defacewatch.web.differences import known_to_move
from defacewatch.web.forms import fields_of
from defacewatch.web.readers import READERS
from defacewatch.web.security import failure
from defacewatch.web.visitors import console_via

ROUTE = r"/pages/{page:[\w.-]{1,100}}/masks"
SUGGESTED = 8  # rectangles
LISTED = 150  # blocks
PLACES = 24  # of elements with the same path
NARROW, LOW = 80, 24  # px of a block that is listed at the least
STANDINGS: Mapping[Standing, str] = {
    Standing.APPLIED: N_("in force"),
    Standing.WAITING: N_("waits for a second person"),
    Standing.EXPIRED: N_("expired"),
    Standing.ENDED: N_("ended"),
}
DONE: Mapping[str, str] = {
    "drawn": N_("The mask is entered and applies from the next look on."),
    "waiting": N_("The mask is entered. It applies once another person has confirmed it."),
    "confirmed": N_("The mask is confirmed and applies from the next look on."),
    "ended": N_("The mask is ended. The page is looked at afresh."),
}
OFTEN = N_("This part always moves.")
FORBIDDEN = N_("Only somebody who is signed in by name, with a right to, can do that.")

log = structlog.get_logger(__name__)


def routes() -> list[web.RouteDef]:
    return [
        web.get(ROUTE, show),
        web.post(ROUTE, draw),
        web.post(ROUTE + r"/{mask:\d{1,18}}/{action:[a-z-]{1,16}}", move),
        web.get(ROUTE + r"/{mask:\d{1,18}}/{action:[a-z-]{1,16}}", back),
    ]


@dataclass(frozen=True)
class Given:
    """What stands in the form: as it was sent, so that a mistake can be mended."""

    left: str = ""
    top: str = ""
    width: str = ""
    height: str = ""
    days: str = str(USUAL.days)
    reason: str = ""
    blocks: tuple[int, ...] = ()

    @property
    def rectangle(self) -> Rectangle:
        """Raises UsageError where nothing is drawn, or what is no number."""
        return Rectangle(*(_number(text) for text in (self.left, self.top, self.width, self.height)))


@dataclass(frozen=True)
class Choice:
    """A block that may be chosen: its number among the capture's, its path, where elements of that path are,
    and whether the rectangle in the form covers one of them."""

    number: int
    path: str
    boxes: tuple[Rectangle, ...]
    covered: bool
    chosen: bool

    @property
    def places(self) -> str:
        """The first of the boxes, for scripts."""
        return ";".join(f"{b.left} {b.top} {b.width} {b.height}" for b in self.boxes[:PLACES])

    @property
    def short(self) -> str:
        return "/".join(self.path.split("/")[-2:])


async def show(request: web.Request) -> web.Response:
    return await _page(request, Given())


async def draw(request: web.Request) -> web.Response:
    """Enter what was drawn; with `do=look` only show what it would cover."""
    actor = acting(request)
    if actor is None:
        return failure(request, HTTPStatus.FORBIDDEN, words_of(request)._(FORBIDDEN))
    fields = await fields_of(request)
    given = _given(fields)
    if fields.get("do") == "look":
        return await _page(request, given)
    console, now = console_of(request), console_of(request).clock()
    try:
        sheet = await masking.sheet_of(console.store, request.match_info["page"])
        mask = Mask(
            page=sheet.page.id,
            rectangle=given.rectangle,
            reason=given.reason,
            by=actor.key,
            at=now,
            expires=now + timedelta(days=_number(given.days)),
            capture=str(fields.get("capture", "-"))[:100],
            blocks=tuple(
                sheet.regions[number].path for number in given.blocks if number < len(sheet.regions)
            ),
        )
        workers = request.app[READERS]
        entered = await masking.draw(
            console.store, mask, roster=console.roster(), workers=workers, now=now, via=console_via(request)
        )
    except (UsageError, Conflict) as problem:
        return await _page(request, given, problem=str(problem))
    log.info("mask drawn", page=entered.page, mask=entered.id, by=actor.key)
    return _back(entered.page, "waiting" if sheet.portal.critical else "drawn")


async def move(request: web.Request) -> web.Response:
    """Confirm or end a mask of the page that the address names."""
    console, actor, action = console_of(request), acting(request), request.match_info["action"]
    if actor is None:
        return failure(request, HTTPStatus.FORBIDDEN, words_of(request)._(FORBIDDEN))
    number, now = int(request.match_info["mask"]), console.clock()
    mask = await console.store.masks.get(number)
    if mask.page != request.match_info["page"] or action not in ("confirm", "end"):
        raise web.HTTPNotFound
    work = console.store.masks.end
    if action == "confirm":
        work = partial(masking.confirm, console.store, roster=console.roster())
    try:
        await work(number, by=actor.key, now=now, via=console_via(request))
    except (UsageError, Conflict) as problem:
        return await _page(request, Given(), problem=str(problem))
    log.info("mask moved", page=mask.page, mask=number, by=actor.key, action=action)
    return _back(mask.page, "confirmed" if action == "confirm" else "ended")


async def back(request: web.Request) -> web.Response:
    """Whoever comes to the address of an action by a link or a reload: the masks."""
    return _back(request.match_info["page"], "")


def _back(page: str, done: str) -> web.Response:
    return web.Response(
        status=HTTPStatus.SEE_OTHER, headers={hdrs.LOCATION: f"/pages/{page}/masks?done={done}"}
    )


async def _page(request: web.Request, given: Given, *, problem: str | None = None) -> web.Response:
    console, words = console_of(request), words_of(request)
    try:
        sheet = await masking.sheet_of(console.store, request.match_info["page"])
    except Conflict as nothing:
        return failure(request, HTTPStatus.CONFLICT, words._(str(nothing)))
    now, critical = console.clock(), sheet.portal.critical
    drawn = _drawn(given)
    living = sheet.living(now)
    said = DONE.get(request.query.get("done", ""))
    moving = known_to_move((await console.store.checks.context(sheet.page.id, now=now)).profile)
    return console.renderer.page(
        "masks.html",
        words,
        status=HTTPStatus.CONFLICT if problem else HTTPStatus.OK,
        problem=words._(problem) if problem else None,
        done=words._(said) if said else None,
        csrf=csrf_field(request),
        actor=_approver(request),
        portal=sheet.portal,
        page=sheet.page,
        capture=sheet.capture,
        height=sheet.height,
        given=given,
        drawn=drawn,
        share=None if drawn is None else words.percent(covered([drawn])),
        used=words.percent(covered(mask.rectangle for mask in living)),
        choices=await asyncio.to_thread(choices_of, sheet, drawn, given.blocks),
        kept_boxes=bool(sheet.regions),
        moving=suggested(moving),
        suggestions=suggestions(moving, living),
        often=words._(OFTEN),
        living=[(mask, mask.standing(now, critical=critical)) for mask in living],
        over=[(m, m.standing(now, critical=critical)) for m in sheet.masks if m not in living],
        standings=STANDINGS,
        most=TEXT,
        longest=LONGEST.days,
        most_share=words.percent(MOST),
        wide=WIDTH,
        tallest=TALLEST,
    )


def _approver(request: web.Request) -> Actor | None:
    """Who asks, where they may draw."""
    actor = acting(request)
    return actor if actor is not None and Role(actor.role).covers(Role.APPROVER) else None


def _drawn(given: Given) -> Rectangle | None:
    """What was drawn, on the grid; None where that cannot be."""
    try:
        return on_grid(given.rectangle)
    except UsageError:
        return None


def covered(rectangles: Iterable[Rectangle]) -> float:
    """The share (0..1) of the first screen that rectangles on the grid cover."""
    return len(tiles_of(cells_of(rectangles))) / COUNT


def suggestions(moving: frozenset[int], living: Iterable[Mask]) -> Sequence[Rectangle]:
    """What could be masked: the tiles that are known to move, and that no mask covers."""
    return suggested(moving - tiles_of(cells_of(mask.rectangle for mask in living)))[:SUGGESTED]


def choices_of(sheet: Sheet, drawn: Rectangle | None, chosen: Collection[int] = ()) -> Sequence[Choice]:
    """The blocks to choose from, those that are covered first: neither specks nor the page itself. `chosen`
    are numbers of them."""
    most = MOST * WIDTH * sheet.height
    groups: dict[str, list[tuple[int, Rectangle]]] = {}
    for number, region in enumerate(sheet.regions):
        box = region.box
        if box.width >= NARROW and box.height >= LOW and box.width * box.height <= most:
            groups.setdefault(region.path, []).append((number, box))
    found = [
        Choice(
            group[0][0],
            path,
            tuple(box for _, box in group),
            covered=drawn is not None and any(hides(drawn, box) for _, box in group),
            chosen=any(number in chosen for number, _ in group),
        )
        for path, group in groups.items()
    ]
    return sorted(found, key=lambda choice: not choice.covered)[:LISTED]


def _given(fields: Mapping[str, object]) -> Given:
    texts = {
        name: str(fields.get(name, ""))[: 2 * TEXT].strip()
        for name in ("left", "top", "width", "height", "days", "reason")
    }
    blocks = [str(value) for name, value in fields.items() if name == "block"]
    numbers = tuple(int(text) for text in blocks if text.isascii() and text.isdigit() and len(text) < 5)
    return Given(**texts, blocks=numbers)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise UsageError(N_("Draw a rectangle first: it needs a width and a height."))
    return int(text)
