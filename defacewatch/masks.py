"""Masks: parts of a page that a person leaves out of the comparison, why, and until when.

A mask is a rectangle of the page as it is captured, and blocks of its document. It lies on the grid of the
tiles in which screens are compared, so that what is drawn is what is left out. It never leaves out evidence
of attack, and it may not cover much: an insider would draw a mask first.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from defacewatch.baselines import plain_name
from defacewatch.errors import Conflict, UsageError
from defacewatch.features import Shot
from defacewatch.language import N_
from defacewatch.tiles import COLUMNS, COUNT, HIGH, ROWS, STEP

WIDTH = 1280  # px of a page as it is captured
WIDE, TALL = WIDTH // COLUMNS, STEP * HIGH  # px of a cell of the grid
TALLEST = 4000  # px of a page that are captured at the most
ALL_ROWS = -(-TALLEST // TALL)  # of the grid
MOST = 0.4  # share of the first screen, of the page or of its text that all masks together may cover
BLIND = 0.6  # … of the first screen that masks and what is known to move may leave out together
LONGEST = timedelta(days=90)
USUAL = timedelta(days=30)
LIVING = 20  # masks of a page that have not ended
BLOCKS = 12  # blocks that one mask names
PATH = 1000  # characters of a block's name
TEXT = 300  # characters of a reason
HIDDEN = 0.8  # share of a picture or a block from which on it is covered

Cell = tuple[int, int]  # row and column of the grid


@dataclass(frozen=True)
class Rectangle:
    """In px of the page as it is captured, 1280 wide."""

    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        return self.left + self.width

    @property
    def bottom(self) -> int:
        return self.top + self.height


class Standing(StrEnum):
    WAITING = "waiting"  # for a second person
    APPLIED = "applied"
    EXPIRED = "expired"
    ENDED = "ended"


@dataclass(frozen=True)
class Mask:
    """What `by` leaves out of `page` from `at` until `expires`. `capture` is the approved look that it was
    drawn on, `blocks` are paths of elements ('html/body/div#main/section.news'). `confirmed_by` is the second
    person of a critical portal. `id` is 0 until the store gives one."""

    page: str
    rectangle: Rectangle
    reason: str
    by: str
    at: datetime
    expires: datetime
    capture: str
    blocks: tuple[str, ...] = ()
    confirmed_by: str | None = None
    confirmed_at: datetime | None = None
    ended_by: str | None = None
    ended_at: datetime | None = None
    id: int = 0

    def standing(self, now: datetime, *, critical: bool) -> Standing:
        """How it stands, on a page of a portal that is `critical` or not."""
        if self.ended_at is not None:
            return Standing.ENDED
        if self.expires <= now:
            return Standing.EXPIRED
        return Standing.WAITING if critical and self.confirmed_at is None else Standing.APPLIED


@dataclass(frozen=True)
class Rest:
    """What of a document lies outside of masked blocks: hashes as in `features.Document`; `share` (0..1) of
    its text or structure, whichever is more, lies inside."""

    paths: frozenset[int]
    words: frozenset[int]
    share: float


@dataclass(frozen=True)
class Outside:
    """The rest of a look, as served and as shown."""

    served: Rest
    shown: Rest | None = None


@dataclass(frozen=True)
class Apart:
    """The rests of a look and of those that are approved (by capture), outside of `blocks`."""

    blocks: frozenset[str]
    own: Outside
    approved: Mapping[str, Outside]


@dataclass(frozen=True)
class Masked:
    """What masks leave out of a comparison."""

    masks: tuple[int, ...] = ()
    cells: frozenset[Cell] = frozenset()
    apart: Apart | None = None


def masked_by(masks: Sequence[Mask], apart: Apart | None) -> Masked | None:
    """What the masks in force leave out; None without any. What was set `apart` for other blocks is not, nor
    any part of the picture where they cover too much of it, however they came to."""
    if not masks:
        return None
    fits = apart is not None and apart.blocks == blocks_of(masks)
    cells = cells_of(mask.rectangle for mask in masks)
    kept = cells if is_partial(cells) else frozenset()
    return Masked(tuple(mask.id for mask in masks), kept, apart if fits else None)


def blocks_of(masks: Iterable[Mask]) -> frozenset[str]:
    return frozenset(block for mask in masks for block in mask.blocks)


def on_grid(rectangle: Rectangle) -> Rectangle:
    """The least rectangle of whole cells around one. Raises UsageError where that is no part of a page."""
    if rectangle.width < 1 or rectangle.height < 1:
        raise UsageError(N_("Draw a rectangle first: it needs a width and a height."))
    if rectangle.left < 0 or rectangle.top < 0 or rectangle.right > WIDTH or rectangle.bottom > TALLEST:
        raise UsageError(N_("The rectangle must lie on the page."))
    left, top = rectangle.left // WIDE * WIDE, rectangle.top // TALL * TALL
    right, bottom = -(-rectangle.right // WIDE) * WIDE, -(-rectangle.bottom // TALL) * TALL
    return Rectangle(left, top, right - left, bottom - top)


def cells_of(rectangles: Iterable[Rectangle]) -> frozenset[Cell]:
    """The cells that rectangles on the grid cover."""
    return frozenset(
        (row, column)
        for r in rectangles
        for row in range(r.top // TALL, r.bottom // TALL)
        for column in range(r.left // WIDE, r.right // WIDE)
    )


def tiles_of(cells: Iterable[Cell]) -> frozenset[int]:
    """Numbers of the tiles of the first screen among cells."""
    return frozenset(row * COLUMNS + column for row, column in cells if row < ROWS)


def seen(rows: int, cells: Collection[Cell]) -> NDArray[np.bool_]:
    """Which of the strips of a page of so many `rows` (see `tiles`) are not masked, by row and column."""
    shown = np.ones((rows, COLUMNS), bool)
    for row, column in cells:
        shown[row * HIGH : (row + 1) * HIGH, column] = False
    return shown


def covers(cells: Collection[Cell], box: Rectangle | Shot) -> bool:
    """Whether cells (a set of them) cover a box, but for a little. Only the cells under it are looked at."""
    right, bottom = box.left + box.width, box.top + box.height
    covered = sum(
        max(0, min(right, (column + 1) * WIDE) - max(box.left, column * WIDE))
        * max(0, min(bottom, (row + 1) * TALL) - max(box.top, row * TALL))
        for row in range(max(0, box.top // TALL), min(ALL_ROWS, -(-bottom // TALL)))
        for column in range(max(0, box.left // WIDE), min(COLUMNS, -(-right // WIDE)))
        if (row, column) in cells
    )
    return covered > 0 and covered >= HIDDEN * box.width * box.height


def hides(rectangle: Rectangle, box: Rectangle) -> bool:
    """Whether one rectangle covers a box, but for a little."""
    wide = min(rectangle.right, box.right) - max(rectangle.left, box.left)
    high = min(rectangle.bottom, box.bottom) - max(rectangle.top, box.top)
    covered = max(0, wide) * max(0, high)
    return covered > 0 and covered >= HIDDEN * box.width * box.height


def without_hidden(shots: Sequence[Shot], cells: Collection[Cell]) -> tuple[Shot, ...]:
    """The pictures that no mask covers."""
    return tuple(shot for shot in shots if not covers(cells, shot)) if cells else tuple(shots)


def suggested(tiles: Collection[int]) -> tuple[Rectangle, ...]:
    """Rectangles that hold exactly these tiles of the first screen: the runs of each row, joined with the
    same run below. The largest come first."""
    open_: dict[tuple[int, int], Rectangle] = {}
    done: list[Rectangle] = []
    for row in range(ROWS + 1):
        runs = _runs([column for column in range(COLUMNS) if row < ROWS and row * COLUMNS + column in tiles])
        done += [rectangle for run, rectangle in open_.items() if run not in runs]
        open_ = {run: _grown(open_.get(run), run, row) for run in runs}
    return tuple(sorted(done, key=lambda r: (-r.width * r.height, r.top, r.left)))


def _runs(columns: Sequence[int]) -> list[tuple[int, int]]:
    """First and last of each run of columns that follow one another."""
    runs: list[tuple[int, int]] = []
    for column in columns:
        if runs and runs[-1][1] == column - 1:
            runs[-1] = (runs[-1][0], column)
        else:
            runs.append((column, column))
    return runs


def _grown(above: Rectangle | None, run: tuple[int, int], row: int) -> Rectangle:
    first, last = run
    if above is not None:
        return Rectangle(above.left, above.top, above.width, above.height + TALL)
    return Rectangle(first * WIDE, row * TALL, (last - first + 1) * WIDE, TALL)


@dataclass(frozen=True)
class Ground:
    """What a mask is drawn on: the height (px) of the picture of the page, its blocks by their paths (empty
    where the capture keeps none), and the masks of the page that have not ended."""

    height: int
    paths: frozenset[str] = frozenset()
    living: tuple[Mask, ...] = field(default=())


def check_drawn(mask: Mask, ground: Ground, *, now: datetime) -> None:
    """Raise UsageError, saying why, where a mask cannot be. Its rectangle is on the grid; what its blocks
    cover is for `check_share`."""
    if not plain_name(mask.by) or not plain_name(mask.reason):
        raise UsageError(N_("A mask needs a name and a reason."))
    if not now < mask.expires <= now + LONGEST:
        raise UsageError(N_("A mask must end within 90 days."))
    if mask.rectangle.top >= ground.height:
        raise UsageError(N_("The rectangle must lie on the page."))
    if len(mask.blocks) > BLOCKS or not ground.paths.issuperset(mask.blocks):
        raise UsageError(N_("The capture has no such blocks, or these are too many for one mask."))
    if len(ground.living) >= LIVING:
        raise UsageError(N_("The page has 20 masks that have not ended: end some first."))
    check_covered((mask, *ground.living), ground.height)


def check_covered(masks: Iterable[Mask], height: int) -> None:
    """Raise UsageError where all masks of a page together cover too much of it (`height` px)."""
    cells = cells_of(mask.rectangle for mask in masks)
    page = COLUMNS * max(ROWS, -(-height // TALL))
    if not is_partial(cells) or len(cells) > MOST * page:
        raise UsageError(N_("All masks together may cover 40 % of the first screen and of the page at most."))


def is_partial(cells: Iterable[Cell]) -> bool:
    """Whether cells leave enough of the first screen to be seen."""
    return len(tiles_of(cells)) <= MOST * COUNT


def check_share(outside: Outside) -> None:
    """Raise UsageError where masked blocks hold too much of an approved page."""
    if not is_bounded(outside):
        raise UsageError(N_("The blocks of all masks together may hold 40 % of the page's text at most."))


def is_bounded(outside: Outside) -> bool:
    return all(rest.share <= MOST for rest in (outside.served, outside.shown) if rest is not None)


def check_confirming(mask: Mask, *, critical: bool, by: str, now: datetime) -> None:
    """Raise unless `by` may confirm a mask: it is of a critical portal, and another person drew it."""
    if mask.standing(now, critical=critical) is not Standing.WAITING:
        raise Conflict(N_("This mask does not wait for anybody."))
    if not plain_name(by):
        raise UsageError(N_("A mask needs a name and a reason."))
    if plain_name(mask.by) == plain_name(by):
        raise Conflict(N_("The portal is critical: another person than who drew the mask must confirm it."))
