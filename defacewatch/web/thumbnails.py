"""Thumbnails for the wall: what a page shows first, as small as a tile."""

import io

from PIL import Image

WIDTH, HEIGHT = 320, 200  # px


def thumbnail(screenshot: bytes) -> bytes:
    """A JPEG of the top of a screenshot (PNG bytes). Raises OSError if it is not a picture."""
    with Image.open(io.BytesIO(screenshot), formats=("PNG", "JPEG")) as image:
        high = round(HEIGHT * image.width / WIDTH)
        top = image.crop((0, 0, image.width, min(image.height, high))).convert("RGB")
    small = top.resize((WIDTH, max(1, round(top.height * WIDTH / top.width))), Image.Resampling.BOX)
    out = io.BytesIO()
    small.save(out, "JPEG", quality=72, optimize=True)
    return out.getvalue()
