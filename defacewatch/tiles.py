"""Tiles of a first screen, and whether each is found again on another page, at whatever height.

A page is kept as strips: rows of five pixels, in each of eight columns the signs of eight neighbouring steps
of grey (a difference hash, after N. Krawetz, 'Kind of Like That', 2013) and a mean colour. Eight rows make a
tile, so a tile can be looked for at every offset: a banner above moves all of them and changes none.
"""

import base64
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from defacewatch.features import Screen

STEP = 5  # pixels (of a page 1280 wide) that a row of strips is high
COLUMNS, ROWS = 8, 20  # of tiles in the first screen, 160 x 40 pixels each
COUNT = COLUMNS * ROWS
HIGH = 8  # rows of strips in a tile
FIRST = ROWS * HIGH  # rows of strips in the first screen

_FAR = 0.36  # of the steps that two tiles show, those that may differ
_NOISE = 7  # steps that may always differ
_TEXTURE = 12  # steps that make a tile so much itself that it is looked for on the whole page;
_NEAR = 240 // STEP  # one that shows fewer is looked for so many rows up and down
_COLOUR_FAR = 28.0  # RGB distance of mean colours that is another colour
_PALE = 16  # levels between the channels of a colour below which it is a grey
LUMA = (0.2126, 0.7152, 0.0722)  # what browsers make greys of (ITU-R BT.709)

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Strips:
    """A page's rows, at least those of a first screen: `steps` by row and column, `colours` as well."""

    steps: Bytes
    colours: Bytes

    @classmethod
    def plain(cls, colour: tuple[int, int, int]) -> "Strips":
        """A first screen of one colour."""
        colours = np.full((FIRST, COLUMNS, 3), colour, np.uint8)
        return cls(np.zeros((FIRST, COLUMNS), np.uint8), colours)

    @property
    def packed(self) -> str:
        return base64.b64encode(self.steps.tobytes() + self.colours.tobytes()).decode()

    @cached_property
    def tiles(self) -> NDArray[np.uint64]:
        """The hash of the tile that begins at each row and column."""
        windows = np.lib.stride_tricks.sliding_window_view(self.steps, HIGH, axis=0)
        return np.ascontiguousarray(windows).view(np.uint64)[..., 0]

    @cached_property
    def means(self) -> Floats:
        """The mean colour of the tile that begins at each row and column."""
        sums = np.cumsum(self.colours, axis=0, dtype=np.float32)
        sums = np.concatenate((np.zeros_like(sums[:1]), sums))
        means: Floats = (sums[HIGH:] - sums[:-HIGH]) / np.float32(HIGH)
        return means

    @cached_property
    def faded(self) -> bool:
        """Whether it shows no colour at all."""
        return bool((np.ptp(self.colours, axis=2) < _PALE).mean() > 0.995)

    def in_grey(self) -> "Strips":
        """The same page as a style of mourning shows it."""
        grey = np.rint(self.colours @ np.array(LUMA, np.float32)).astype(np.uint8)
        return Strips(self.steps, np.repeat(grey[..., None], 3, axis=2))


@lru_cache(maxsize=32)
def unpacked(strips: str) -> Strips:
    """What `Strips.packed` wrote. Raises ValueError for anything else."""
    data = np.frombuffer(base64.b64decode(strips, validate=True), np.uint8)
    if data.size % (COLUMNS * 4) or data.size < COLUMNS * 4 * FIRST:
        raise ValueError("these are no strips of a page")
    steps, colours = np.split(data, [data.size // 4])
    return Strips(steps.reshape(-1, COLUMNS), colours.reshape(-1, COLUMNS, 3))


class Moves(NamedTuple):
    """Numbers of tiles, rows first: of those in the new screen that are nowhere on the approved page, and of
    those in the approved screen that are nowhere on the new page."""

    fresh: frozenset[int]
    lost: frozenset[int]


def moves(before: Strips, after: Strips) -> Moves:
    """What became of the tiles between two pages. One that is shown in greys alone is compared in greys."""
    if after.faded and not before.faded:
        before = before.in_grey()
    return Moves(_missing(after, before), _missing(before, after))


def differing(before: Screen, after: Screen) -> frozenset[int]:
    """Numbers of the tiles of the first screen that are others now, or are gone."""
    found = moves(unpacked(before.strips), unpacked(after.strips))
    return found.fresh | found.lost


def _missing(one: Strips, page: Strips) -> frozenset[int]:
    """The tiles of the first screen of `one` that `page` does not have in the same column."""
    tiles, means = one.tiles[0:FIRST:HIGH], one.means[0:FIRST:HIGH]
    others, colours = page.tiles, page.means
    shown, steps = np.bitwise_count(tiles), np.bitwise_count(others)
    apart = np.bitwise_count(tiles[:, None] ^ others[None])
    may = np.maximum(_NOISE, np.float32(_FAR) * np.maximum(shown[:, None], steps[None]))
    offsets = np.abs(np.arange(0, FIRST, HIGH)[:, None] - np.arange(len(others))[None])
    fits = (apart <= may) & ((shown > _TEXTURE)[:, None] | (offsets <= _NEAR)[..., None])
    row, offset, column = np.nonzero(fits)
    apart_in_colour = means[row, column] - colours[offset, column]
    close = np.einsum("ij,ij->i", apart_in_colour, apart_in_colour) <= _COLOUR_FAR**2
    found = np.zeros((ROWS, COLUMNS), bool)
    found[row[close], column[close]] = True
    return frozenset(np.flatnonzero(~found.ravel()).tolist())
