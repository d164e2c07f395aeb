"""Screenshots as they are kept: the same pixels in fewer bytes. The browser writes them fast, not small."""

import io

from PIL import Image

LEVEL = 3  # of zlib: higher ones take longer, and for screenshots gain nothing


def smaller(png: bytes) -> bytes:
    """`png` with its pixels compressed better; as it is where that gains nothing, or it cannot be read."""
    try:
        with Image.open(io.BytesIO(png), formats=("PNG",)) as picture:
            written = io.BytesIO()
            picture.save(written, "PNG", compress_level=LEVEL)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return png
    return min(png, written.getvalue(), key=len)
