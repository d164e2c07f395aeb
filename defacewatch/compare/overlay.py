"""The difference of two screenshots as a picture for people: what is as it was in pale grey, what is another
in colour, and what is known to move under a screen."""

import io
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from defacewatch.tiles import COLUMNS, COUNT

WIDE, HIGH = 1280, 2000  # px of a screenshot that are compared, from the top
WIDTH = 800  # px of the picture that is made
LARGEST = 60_000_000  # pixels; a screenshot of ours has fewer
BLOCK = 8  # px: a difference is shown as far as that around it
STEPS = 32  # of 255 in a colour's channel, below which two pixels are the same to the eye
TILE = (160, 40)  # px, as in `tiles`
QUALITY = 80  # of JPEG

_Pixels = NDArray[np.uint8]
_Mask = NDArray[np.bool_]
_RED = np.array((214, 30, 42), np.float32)


def overlay(before: bytes, after: bytes, moving: Collection[int]) -> bytes:
    """A JPEG, 800 px wide, of what `after` shows otherwise than `before` (PNG bytes each). `moving` are the
    numbers of the tiles of the first screen that always move: they are marked as left out.

    Raises ValueError for what is no picture of ours.
    """
    one, other = _opened(before), _opened(after)
    high = max(len(one), len(other))
    one, other = _padded(one, high), _padded(other, high)
    changed = _changed(one, other)
    masked = _masked(high, moving)
    made = _painted(other, changed & ~masked, masked)
    picture = Image.fromarray(made)
    small = picture.resize((WIDTH, max(1, round(high * WIDTH / WIDE))), Image.Resampling.BOX)
    out = io.BytesIO()
    small.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()


def _opened(png: bytes) -> _Pixels:
    try:
        with Image.open(io.BytesIO(png), formats=("PNG",)) as image:
            if image.width * image.height > LARGEST or not image.width:
                raise ValueError("the picture is too large")
            top = image.crop((0, 0, image.width, min(image.height, HIGH * image.width // WIDE)))
            top = top.convert("RGB")
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"not a picture: {error}") from None
    if top.width != WIDE:
        top = top.resize((WIDE, max(1, top.height * WIDE // top.width)), Image.Resampling.BOX)
    return np.asarray(top)


def _padded(pixels: _Pixels, high: int) -> _Pixels:
    """With white below, where the page ends."""
    return np.pad(pixels, ((0, high - len(pixels)), (0, 0), (0, 0)), constant_values=255)


def _changed(one: _Pixels, other: _Pixels) -> _Mask:
    """Whole blocks in which something is another."""
    apart = np.abs(one.astype(np.int16) - other).max(axis=2) > STEPS
    high = -(-len(apart) // BLOCK) * BLOCK
    apart = np.pad(apart, ((0, high - len(apart)), (0, 0)))
    blocks = apart.reshape(high // BLOCK, BLOCK, WIDE // BLOCK, BLOCK).any(axis=(1, 3))
    grown: _Mask = blocks.repeat(BLOCK, axis=0).repeat(BLOCK, axis=1)[: len(one)]
    return grown


def _masked(high: int, moving: Collection[int]) -> _Mask:
    mask = np.zeros((high, WIDE), bool)
    for number in moving:
        if 0 <= number < COUNT:
            row, column = divmod(number, COLUMNS)
            mask[row * TILE[1] : (row + 1) * TILE[1], column * TILE[0] : (column + 1) * TILE[0]] = True
    return mask


def _painted(page: _Pixels, changed: _Mask, masked: _Mask) -> _Pixels:
    grey = page.mean(axis=2, dtype=np.float32)
    made = np.repeat((165 + grey * 0.35)[..., None], 3, axis=2)
    made[changed] = 0.72 * page[changed] + 0.28 * _RED
    made[_edges(changed)] = _RED
    rows, columns = np.nonzero(masked)
    stripes = (rows + columns) // 6 % 2 == 0
    made[rows[stripes], columns[stripes]] = (150, 160, 175)
    painted: _Pixels = np.clip(made, 0, 255).astype(np.uint8)
    return painted


def _edges(mask: _Mask) -> _Mask:
    """The rim of what is marked, so that it is seen without colour as well."""
    inner: _Mask = mask.copy()
    for axis in (0, 1):
        for step in (2, -2):
            inner &= np.roll(mask, step, axis=axis)
    rim: _Mask = mask & ~inner
    return rim
