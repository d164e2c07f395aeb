"""Pictures for messages: small JPEGs of what a capture shows first."""

import io

from PIL import Image

WIDTH = 800  # px, enough for a phone
HEIGHT = 1000  # px, the first screen and a half


def picture(screenshot: bytes) -> bytes:
    """A JPEG of the top of a screenshot (PNG bytes), 800 px wide. Raises OSError if it is not a picture."""
    with Image.open(io.BytesIO(screenshot)) as image:
        scale = WIDTH / image.width
        top = image.crop((0, 0, image.width, min(image.height, round(HEIGHT / scale)))).convert("RGB")
    small = top.resize((WIDTH, max(1, round(top.height * scale))), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, "JPEG", quality=80, optimize=True)
    return out.getvalue()
