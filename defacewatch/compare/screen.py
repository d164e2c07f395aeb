"""Screenshots, reduced: perceptual hashes, strips that tiles are found by, the pictures, and what is flat.

One pHash cannot tell two plain-coloured screens apart and sees little of a small change, so the page is also
kept as strips (see `defacewatch.tiles`). All but the pictures is made of one small copy of the screenshot.
"""

import io
import struct
from typing import Any

import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from defacewatch.captures import Rendering
from defacewatch.compare.crops import shots_of
from defacewatch.features import Screen
from defacewatch.tiles import COLUMNS, FIRST, HIGH, LUMA, ROWS, STEP, Strips

WIDTH, HEIGHT = 1280, 800  # of the first screen, pixels
PIXEL_LIMIT = WIDTH * 20_000  # a picture larger than this is not decoded
STRIPS_LIMIT = 8000 // STEP  # rows of strips that are kept: of the page's first 8000 pixels

_PNG = b"\x89PNG\r\n\x1a\n"
_CELLS = 9  # in a row of a tile, for eight steps between them
_STEP = 3  # grey levels: below it two neighbours are the same (compression, antialiasing)
_SMOOTH = (1, 2, 3, 2, 1)  # rows weighed together: a text moved by two pixels keeps its steps
_PLAIN = 1.5  # standard deviation of grey below which a tile shows one plain colour


def screen_of(rendering: Rendering) -> Screen | None:
    """What comparing needs of a screenshot; None when it is no picture, or too large to decode."""
    page = _decoded(rendering.screenshot)
    if page is None:
        return None
    pixels = page.width / WIDTH  # of the picture, in one of the page
    rows = max(1, min(STRIPS_LIMIT, int(page.height / pixels / STEP)))
    box = (0.0, 0.0, float(page.width), min(float(page.height), rows * STEP * pixels))
    small = page.resize((COLUMNS * _CELLS, rows), Image.Resampling.BOX, box=box)
    strips, flat = _strips_of(np.asarray(small, dtype=np.float32))
    first = small.crop((0, 0, small.width, min(rows, FIRST)))
    failed = {
        file.url
        for file in rendering.resources
        if file.kind == "image" and (file.status is None or file.status >= 400)
    }
    return Screen(
        first=str(imagehash.phash(first)),
        page=str(imagehash.phash(small)),
        flat=flat,
        strips=strips.packed,
        shots=shots_of(page, pixels, [p for p in rendering.pictures if p.url not in failed]),
    )


def _decoded(png: bytes) -> Image.Image | None:
    if not 0 < _pixels(png) <= PIXEL_LIMIT:
        return None
    try:
        page = Image.open(io.BytesIO(png), formats=("PNG",))
        page.load()
        return page if page.mode == "RGB" else page.convert("RGB")
    except (
        UnidentifiedImageError,
        OSError,
        SyntaxError,
        ValueError,
    ):  # Pillow about a broken PNG
        return None


def _pixels(png: bytes) -> int:
    """The size that a PNG's header claims, before anything is decoded; 0 when it is no PNG."""
    if not png.startswith(_PNG) or len(png) < 24:
        return 0
    width, height = struct.unpack(">II", png[16:24])
    return int(width * height)


def _strips_of(small: NDArray[np.float32]) -> tuple[Strips, float]:
    """The strips of a page, a pixel of `small` for each cell, and the share of its first tiles that is flat.

    Below the end of a page that is shorter than the screen there is nothing: plain white.
    """
    missing = max(0, FIRST - len(small))
    small = np.pad(small, ((0, missing), (0, 0), (0, 0)), constant_values=255)
    grey = small @ np.array(LUMA, np.float32)
    cells = _smoothed(grey).reshape(len(small), COLUMNS, _CELLS)
    steps = np.packbits(cells[..., 1:] - cells[..., :-1] > _STEP, axis=2)[..., 0]
    colours = np.rint(small.reshape(len(small), COLUMNS, _CELLS, 3).mean(axis=2)).astype(np.uint8)
    first = grey[:FIRST].reshape(ROWS, HIGH, COLUMNS, _CELLS)
    flat = float((first.std(axis=(1, 3)) < _PLAIN).mean())
    return Strips(steps, colours), round(flat, 3)


def _smoothed(grey: NDArray[Any]) -> NDArray[Any]:
    beyond = len(_SMOOTH) // 2
    padded = np.pad(grey, ((beyond, beyond), (0, 0)), mode="edge")
    total = sum(weight * padded[row : row + len(grey)] for row, weight in enumerate(_SMOOTH))
    return np.asarray(total / sum(_SMOOTH))
