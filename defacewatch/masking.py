"""Masks at work: what lies outside of masked blocks is set apart for the comparison; masks are drawn,
confirmed and ended."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import structlog

from defacewatch.approving import check_known
from defacewatch.captures import Capture, Look
from defacewatch.compare.outside import Region, outside_of, regions_of
from defacewatch.errors import Conflict, DefacewatchError
from defacewatch.language import N_
from defacewatch.masks import (
    TALLEST,
    TEXT,
    Apart,
    Ground,
    Mask,
    Outside,
    Standing,
    blocks_of,
    check_drawn,
    check_share,
    on_grid,
)
from defacewatch.portals import Page, Portal
from defacewatch.records import Context
from defacewatch.roster import Roster
from defacewatch.store import Store
from defacewatch.workers import TooMuch, Workers

KEPT = 256  # approved looks whose rests are remembered
FIRST_SCREEN = 800  # px that a page shows at the least

log = structlog.get_logger(__name__)


class Looks(Protocol):
    """What it needs of the store."""

    async def capture(self, capture_id: str) -> Capture: ...
    async def look(self, capture: Capture) -> Look: ...


class Masking:
    """Sets apart what lies outside of masked blocks; `read` does that for one look, in a worker process."""

    def __init__(self, kept: Looks, read: Callable[[Look, Collection[str]], Awaitable[Outside]]) -> None:
        self._kept, self._read = kept, read
        self._approved: OrderedDict[tuple[str, frozenset[str]], Outside] = OrderedDict()

    async def apart(self, context: Context, look: Look) -> Apart | None:
        """The rests of a look and of those approved; None where no mask names a block, or where they cannot
        be had: then nothing is left out of the documents."""
        blocks = blocks_of(context.masks)
        if not blocks or context.baseline is None:
            return None
        try:
            known = {of.capture: await self._rest(of.capture, blocks) for of in context.baseline.looks}
            return Apart(blocks, await self._read(documents_of(look), blocks), known)
        except DefacewatchError as error:
            log.warning("masked blocks not set apart", page=context.page.id, error=str(error))
            return None

    async def _rest(self, capture: str, blocks: frozenset[str]) -> Outside:
        found = self._approved.get((capture, blocks))
        if found is None:
            look = await self._kept.look(await self._kept.capture(capture))
            found = await self._read(documents_of(look), blocks)
            self._approved[capture, blocks] = found
            while len(self._approved) > KEPT:
                self._approved.popitem(last=False)
        return found


def documents_of(look: Look) -> Look:
    """A look without what is not read here, so that less travels to the worker."""
    rendering = look.rendering
    if rendering is None:
        return look
    return replace(look, rendering=replace(rendering, screenshot=b"", resources=(), scripts=(), icon=b""))


@dataclass(frozen=True)
class Sheet:
    """What masks of a page are drawn on: its approved look, the height (px) of the picture of it, and its
    blocks (none where the capture keeps no boxes)."""

    portal: Portal
    page: Page
    capture: Capture
    height: int
    regions: tuple[Region, ...]
    masks: tuple[Mask, ...]

    def living(self, now: datetime) -> tuple[Mask, ...]:
        """Those that have neither ended nor expired, the newest first."""
        over = (Standing.ENDED, Standing.EXPIRED)
        return tuple(m for m in self.masks if m.standing(now, critical=self.portal.critical) not in over)


async def sheet_of(store: Store, page_id: str) -> Sheet:
    """Raises NotFound, and Conflict where no look of the page is approved."""
    portal, page = await store.portals.page(page_id)
    baseline = await store.baselines.get(page_id)
    if baseline is None:
        raise Conflict(N_("The page has no approved look yet: a mask is drawn on that."))
    capture = await store.baselines.capture(baseline.looks[-1].capture)
    look = await store.baselines.look(capture)
    masks = await store.masks.every(page=page_id)
    regions = await asyncio.to_thread(regions_of, look)
    return Sheet(portal, page, capture, height_of(look), regions, masks)


def height_of(look: Look) -> int:
    """The height of the picture of a page, in px."""
    png = look.rendering.screenshot if look.rendering is not None else b""
    width, height = int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")
    if png[:4] != b"\x89PNG" or not 0 < width <= 10_000:
        return FIRST_SCREEN
    return max(FIRST_SCREEN, min(TALLEST, height * 1280 // width))


async def draw(
    store: Store, mask: Mask, *, roster: Roster, workers: Workers, now: datetime, via: str
) -> Mask:
    """Enter a mask as it was drawn; it comes back on the grid and with its number. On a page of a critical
    portal it waits for a second person. `mask.capture` is the approved look that it was drawn on ('' for the
    latest). Raises NotFound, UsageError where it may not be, Conflict where another look is approved now, or
    the portal is critical and `mask.by` no officer of the roster."""
    sheet = await sheet_of(store, mask.page)
    check_known(mask.by, roster, sheet.portal)
    if mask.capture not in ("", sheet.capture.id):
        raise Conflict(N_("Another look is approved by now: draw the mask on that."))
    drawn = replace(
        mask,
        rectangle=on_grid(mask.rectangle),
        reason=" ".join(mask.reason.split())[:TEXT],
        blocks=tuple(dict.fromkeys(mask.blocks)),
        capture=sheet.capture.id,
        at=now,
    )
    living = sheet.living(now)
    ground = Ground(sheet.height, frozenset(region.path for region in sheet.regions), living)
    check_drawn(drawn, ground, now=now)
    if blocks := blocks_of((drawn, *living)):
        look = await store.baselines.look(sheet.capture)
        try:
            outside = await workers.run(outside_of, documents_of(look), blocks)
        except TooMuch:
            raise Conflict(N_("The page cannot be read just now: try again, or choose no blocks.")) from None
        check_share(outside)
    return await store.masks.add(drawn, now=now, via=via, height=sheet.height)


async def confirm(store: Store, number: int, *, by: str, roster: Roster, now: datetime, via: str) -> Mask:
    """Put a mask of a critical portal in force; somebody else than who drew it, and both officers of the
    roster. Raises NotFound and Conflict."""
    mask = await store.masks.get(number)
    portal, _ = await store.portals.page(mask.page)
    for name in (by, mask.by):
        check_known(name, roster, portal)
    return await store.masks.confirm(number, by=by, now=now, via=via)
