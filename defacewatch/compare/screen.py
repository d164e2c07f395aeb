"""Screenshots: perceptual hashes, a grid of tiles, mean colours, and whether the screen is blank.

One pHash cannot tell two plain-coloured screens apart and sees little of a small change, so the first
screen is also cut into tiles, each with a difference hash and a mean colour.
"""

import io
import struct
from collections.abc import Collection
from typing import NamedTuple

import imagehash
import numpy as np
from PIL import Image, UnidentifiedImageError

from defacewatch.captures import Screen
from defacewatch.profiles import colour_distance, differing_tiles

WIDTH, HEIGHT = 1280, 800  # of the first screen, pixels
COLUMNS, ROWS = 16, 10
PIXEL_LIMIT = WIDTH * 20_000  # a picture larger than this is not decoded

_PNG = b"\x89PNG\r\n\x1a\n"
_CELL = 8  # a tile's difference hash compares 8 x 8 neighbours
_STEP = 3  # grey levels: below it two neighbours are the same (compression, antialiasing)
_LEVELS = 21  # of one channel in a sketch of a colour
_PLAIN = 1.5  # standard deviation of grey below which a tile shows one plain colour


class ScreenDifference(NamedTuple):
    """`share` of the tiles that differ (0..1), and how far the mean colour moved (RGB distance)."""

    share: float
    colour: float
    before: tuple[int, int, int]
    after: tuple[int, int, int]


def screen_of(png: bytes) -> Screen | None:
    """What comparing needs of a screenshot; None when it is no picture, or too large to decode."""
    if not 0 < _pixels(png) <= PIXEL_LIMIT:
        return None
    try:
        page = Image.open(io.BytesIO(png)).convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError):  # Pillow's word for a broken PNG is SyntaxError
        return None
    scale = page.width / WIDTH
    first = page.crop((0, 0, page.width, min(page.height, round(HEIGHT * scale))))
    grey = np.asarray(
        first.convert("L").resize((COLUMNS * (_CELL + 1), ROWS * _CELL), Image.Resampling.BOX), dtype=np.int16
    )
    cells = grey.reshape(ROWS, _CELL, COLUMNS, _CELL + 1).swapaxes(1, 2)
    bits = (cells[..., 1:] - cells[..., :-1] > _STEP).reshape(ROWS * COLUMNS, -1)
    colours = np.asarray(first.resize((COLUMNS, ROWS), Image.Resampling.BOX)).reshape(-1, 3)
    plain = cells.reshape(ROWS * COLUMNS, -1).std(axis=1) < _PLAIN
    return Screen(
        first=str(imagehash.phash(first)),
        page=str(imagehash.phash(page)),
        columns=COLUMNS,
        rows=ROWS,
        tiles=tuple(int.from_bytes(row.tobytes(), "big") for row in np.packbits(bits, axis=1)),
        colours=tuple((int(r), int(g), int(b)) for r, g, b in colours),
        flat=round(float(plain.mean()), 3),
    )


def _pixels(png: bytes) -> int:
    """The size that a PNG's header claims, before anything is decoded; 0 when it is no PNG."""
    if not png.startswith(_PNG) or len(png) < 24:
        return 0
    width, height = struct.unpack(">II", png[16:24])
    return int(width * height)


def difference(before: Screen, after: Screen, volatile: Collection[int]) -> ScreenDifference:
    """How far two first screens differ, apart from the tiles that always move."""
    steady = [n for n in range(before.columns * before.rows) if n not in volatile]
    differing = differing_tiles(before, after)
    share = sum(n in differing for n in steady) / len(steady) if steady else 0.0
    mean_before, mean_after = mean(before, steady), mean(after, steady)
    return ScreenDifference(share, colour_distance(mean_before, mean_after), mean_before, mean_after)


def mean(screen: Screen, tiles: Collection[int] = ()) -> tuple[int, int, int]:
    """The mean colour of some tiles, or of all where none are given."""
    chosen = [screen.colours[n] for n in tiles if n < len(screen.colours)] or list(screen.colours)
    red, green, blue = (round(sum(channel) / len(chosen)) for channel in zip(*chosen, strict=True))
    return red, green, blue


def colour_sketch(colour: tuple[int, int, int]) -> int:
    """64 bits of which near colours differ in few: a bar of 21 bits for each channel."""
    sketch = 0
    for channel in colour:
        sketch = sketch << _LEVELS | (1 << round(channel * _LEVELS / 255)) - 1
    return sketch


def is_blank(before: Screen, after: Screen) -> bool:
    """Whether the screen shows one plain colour where it did not before."""
    return after.flat >= 0.985 and before.flat < 0.9 and len(set(after.colours)) <= 4
