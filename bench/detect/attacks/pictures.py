"""Pictures of an attacker's, drawn: a claim on a dark or garish ground, with a mark."""

from io import BytesIO
from random import Random

from PIL import Image, ImageDraw, ImageFont

_GROUNDS = ("#000000", "#080808", "#140000", "#001400", "#7a0000", "#101830", "#f4f400", "#ffffff")
_INKS = ("#ff0000", "#00ff41", "#ffffff", "#ffd000", "#00c8ff")


def defacer(dice: Random, width: int, height: int, claim: str) -> bytes:
    """A PNG of so many pixels that shows `claim` (in ASCII letters, as the built-in font has them)."""
    ground = dice.choice(_GROUNDS)
    ink = dice.choice([ink for ink in _INKS if ink != ground])
    if ground in ("#f4f400", "#ffffff"):
        ink = dice.choice(("#ff0000", "#000000"))
    picture = Image.new("RGB", (width, height), ground)
    draw = ImageDraw.Draw(picture)
    _mark(draw, dice, width, height, ink)
    words = "".join(c if 32 <= ord(c) < 127 else "?" for c in claim)
    font = ImageFont.load_default(size=max(8, min(96, height // 6, 2 * width // max(1, len(words)))))
    draw.text((width // 2, int(height * 0.75)), words, fill=ink, font=font, anchor="mm")
    if dice.random() < 0.5:
        for line in range(0, height, 4):  # as on an old screen
            draw.line((0, line, width, line), fill=ground)
    return png(picture)


def _mark(draw: ImageDraw.ImageDraw, dice: Random, width: int, height: int, ink: str) -> None:
    """A skull, a ring or crossed bars in the upper half."""
    middle, size = width // 2, max(4, min(width, height) // 5)
    top = int(height * 0.35)
    shape = dice.randrange(3)
    if shape == 0:
        draw.ellipse((middle - size, top - size, middle + size, top + size * 0.8), fill=ink)
        for eye in (-1, 1):
            x = middle + eye * size * 0.4
            draw.ellipse(
                (x - size * 0.25, top - size * 0.2, x + size * 0.25, top + size * 0.25), fill="#000000"
            )
    elif shape == 1:
        draw.ellipse(
            (middle - size, top - size, middle + size, top + size), outline=ink, width=max(2, size // 6)
        )
        side, foot = size * 0.8, top + size * 0.6
        points = [(middle, top - size), (middle - side, foot), (middle + side, foot)]
        draw.polygon(points, outline=ink, width=max(1, size // 10))
    else:
        draw.line((middle - size, top - size, middle + size, top + size), fill=ink, width=max(2, size // 4))
        draw.line((middle - size, top + size, middle + size, top - size), fill=ink, width=max(2, size // 4))


def icon(dice: Random) -> bytes:
    """A favicon of an attacker's: PNG, 32 by 32."""
    return defacer(dice, 32, 32, dice.choice(("X", "H", "!", "0")))


def scene_picture(dice: Random, width: int, height: int) -> bytes:
    """A harmless photograph, as far as colours go: sky, hills and a sun."""
    picture = Image.new("RGB", (width, height), dice.choice(("#9cc8ec", "#b8d8f0", "#f0d8b0")))
    draw = ImageDraw.Draw(picture)
    for layer, shade in enumerate(("#6fa060", "#4f8048", "#356034")):
        top = height * (0.45 + 0.18 * layer)
        points = [(0, height)] + [
            (x * width / 6, top + dice.randrange(-20, 20) * height / 200) for x in range(7)
        ]
        draw.polygon([*points, (width, height)], fill=shade)
    x = dice.randrange(width)
    draw.ellipse((x - height // 8, height // 10, x + height // 8, height // 10 + height // 4), fill="#ffe890")
    return png(picture)


def png(picture: Image.Image) -> bytes:
    file = BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def size_of(body: bytes) -> tuple[int, int] | None:
    """Width and height in pixels, or None when it is no picture that Pillow knows."""
    try:
        with Image.open(BytesIO(body)) as picture:
            return picture.size
    except (OSError, ValueError, Image.DecompressionBombError):
        return None
