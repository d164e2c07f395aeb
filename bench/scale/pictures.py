"""Pictures of the generated portals, drawn from a seed, and the one that an attacker leaves."""

import io
from random import Random

from PIL import Image, ImageDraw, ImageFilter, ImageFont

HERO = (1200, 400)
THUMBNAIL = (300, 200)
_BAND = 8  # pixels


def photo(dice: Random, size: tuple[int, int]) -> bytes:
    """A JPEG that looks a little like a landscape: sky, hills, houses."""
    width, height = size
    picture = Image.new("RGB", size)
    draw = ImageDraw.Draw(picture)
    top, bottom = _colour(dice, 140, 230), _colour(dice, 180, 255)
    for y in range(0, height, _BAND):
        share = y / height
        mixed = tuple(round(a + (b - a) * share) for a, b in zip(top, bottom, strict=True))
        draw.rectangle((0, y, width, y + _BAND), fill=mixed)
    for _ in range(4):
        hill, peak = _colour(dice, 30, 140), dice.randrange(height // 4, height)
        centre = dice.randrange(width)
        draw.polygon(
            [(centre - width // 2, height), (centre, peak), (centre + width // 2, height)], fill=hill
        )
    for _ in range(width // 40):
        x, y, side = dice.randrange(width), dice.randrange(height // 2, height), dice.randrange(8, 40)
        draw.rectangle((x, y, x + side, y + side), fill=_colour(dice, 40, 220))
    return _jpeg(picture.filter(ImageFilter.GaussianBlur(1)))


def emblem(dice: Random) -> bytes:
    """A PNG, 96 pixels a side."""
    picture = Image.new("RGBA", (96, 96), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((2, 2, 94, 94), fill=(*_colour(dice, 120, 220), 255), outline=(250, 210, 40, 255), width=5)
    draw.regular_polygon((48, 48, 26), dice.randrange(3, 8), fill=(250, 210, 40, 255))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def graffiti(text: str, size: tuple[int, int] = HERO) -> bytes:
    """What an attacker puts in a picture's place."""
    picture = Image.new("RGB", size, "black")
    draw = ImageDraw.Draw(picture)
    draw.text(
        (size[0] / 2, size[1] / 2), text, fill=(255, 30, 30), font=ImageFont.load_default(72), anchor="mm"
    )
    return _jpeg(picture)


def _jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=80)
    return out.getvalue()


def _colour(dice: Random, low: int, high: int) -> tuple[int, int, int]:
    return dice.randint(low, high), dice.randint(low, high), dice.randint(low, high)
