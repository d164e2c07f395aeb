"""What the pictures of a page look like: each cut out of the screenshot, reduced to a hash and a colour.

Boxes come from the page's own scripts and styles, so they are cut to the picture and their work is bounded.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

from defacewatch.captures import Picture
from defacewatch.features import Shot
from defacewatch.tiles import LUMA

SHOTS = 60  # of one page; the largest count
SMALLEST = 24  # pixels: narrower or lower ones are icons and rules
LEAST_AREA = 1024  # square pixels
LOOKED_AT = 200  # boxes of one page

_STEP = 3  # grey levels: below it two neighbours are the same
_COARSE = 4  # a large box is cut out of a copy so many times smaller
_LARGE = 32 * _COARSE  # pixels of a large box, both ways,
_LARGE_AREA = 100_000  # or square pixels of a long one
_URL = 300  # characters
_PATH = 200


class _Box(NamedTuple):
    left: int
    top: int
    right: int
    bottom: int

    @property
    def area(self) -> int:
        return (self.right - self.left) * (self.bottom - self.top)


def shots_of(page: Image.Image, pixels: float, pictures: Sequence[Picture]) -> tuple[Shot, ...]:
    """The largest of `pictures`, in their order, as `page` shows them; `pixels` of it are one of theirs."""
    seen = [(picture, _cut(page, pixels, picture)) for picture in pictures[:LOOKED_AT]]
    places = [(picture, box) for picture, box in seen if box is not None]
    if not places:
        return ()
    kept = sorted(range(len(places)), key=lambda n: -places[n][1].area)[:SHOTS]
    coarse = page.reduce(_COARSE)
    return tuple(_shot(page, coarse, pixels, *places[n]) for n in sorted(kept))


def _cut(page: Image.Image, pixels: float, picture: Picture) -> _Box | None:
    """The part of a picture's box that is on the page; None when that is next to nothing."""
    width, height = int(page.width / pixels), int(page.height / pixels)
    left, top = max(0, picture.left), max(0, picture.top)
    right, bottom = min(width, picture.left + picture.width), min(height, picture.top + picture.height)
    if min(right - left, bottom - top) < SMALLEST:
        return None
    box = _Box(left, top, right, bottom)
    return box if box.area >= LEAST_AREA else None


def _shot(page: Image.Image, coarse: Image.Image, pixels: float, picture: Picture, box: _Box) -> Shot:
    sides = (box.right - box.left) * pixels, (box.bottom - box.top) * pixels
    large = min(sides) >= _LARGE or sides[0] * sides[1] >= _LARGE_AREA
    source, scale = (coarse, pixels / _COARSE) if large else (page, pixels)
    right, bottom = min(box.right * scale, source.width), min(box.bottom * scale, source.height)
    part = source.resize((9, 8), Image.Resampling.BOX, box=(box.left * scale, box.top * scale, right, bottom))
    cells = np.asarray(part, dtype=np.float32)
    grey = cells @ np.array(LUMA, np.float32)
    red, green, blue = np.rint(cells.mean(axis=(0, 1))).astype(int).tolist()
    return Shot(
        path=picture.path[:_PATH],
        url=picture.url[:_URL],
        left=box.left,
        top=box.top,
        width=box.right - box.left,
        height=box.bottom - box.top,
        hash=int.from_bytes(np.packbits(grey[:, 1:] - grey[:, :-1] > _STEP).tobytes(), "big"),
        colour=(red, green, blue),
    )
