"""Pictures of the small portal, and of what may become of it, for the tests of screens."""

import io
from dataclasses import replace

import numpy as np
from PIL import Image, ImageDraw

from defacewatch.captures import Rendering
from defacewatch.compare.screen import screen_of
from defacewatch.features import Screen
from tests.compare.portal import NOW, png, screenshot


def picture() -> Image.Image:
    """The portal."""
    with Image.open(io.BytesIO(screenshot())) as portal:
        return portal.convert("RGB")


def seen(page: bytes | Image.Image, **changes: object) -> Screen:
    """The screen of a picture that can be read."""
    data = page if isinstance(page, bytes) else png(page)
    found = screen_of(replace(Rendering(NOW, screenshot=data), **changes))  # type: ignore[arg-type]
    assert found is not None
    return found


def lowered(pixels: int) -> Image.Image:
    """The portal below a banner of so many pixels."""
    page = Image.new("RGB", (1280, 1600 + pixels), "#c00000")
    page.paste(picture(), (0, pixels))
    return page


def greyed() -> Image.Image:
    """The portal as the filter of a style sheet greys it."""
    return picture().convert("L", matrix=(0.2126, 0.7152, 0.0722, 0)).convert("RGB")


def recoloured(page: Image.Image, before: str, after: str) -> Image.Image:
    """`page` with one colour in place of another."""
    pixels = np.asarray(page).copy()
    old, new = (np.asarray(Image.new("RGB", (1, 1), colour))[0, 0] for colour in (before, after))
    pixels[(pixels == old).all(axis=2)] = new
    return Image.fromarray(pixels)


def sparse() -> Image.Image:
    """A page with little on it: a heading and two lines."""
    page = Image.new("RGB", (1280, 800), "white")
    draw = ImageDraw.Draw(page)
    for top, width in ((60, 500), (140, 700), (170, 650)):
        for left in range(80, 80 + width, 31):
            draw.rectangle((left, top, left + 22, top + 12), fill="#202020")
    return page


def framed() -> Image.Image:
    """A page whose content stands in a white box on a coloured ground."""
    page = Image.new("RGB", (1280, 1600), "#e8eef4")
    page.paste(picture().crop((160, 0, 1120, 1600)), (160, 0))
    return page


def pattern(size: tuple[int, int], seed: int) -> Image.Image:
    """A picture like no other of another seed: soft blots of colour."""
    blots = np.random.default_rng(seed).integers(0, 256, (6, 7, 3), np.uint8)
    return Image.fromarray(blots).resize(size, Image.Resampling.BICUBIC)
