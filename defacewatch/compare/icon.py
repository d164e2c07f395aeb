"""The site's icon: what it looks like, in a short text that can be compared.

An icon is whatever the server sent in its place, so nothing larger than an icon is decoded, and what is none
(an error page as a rule) is not known rather than different.
"""

import io
import math
import re
import struct
import warnings
from hashlib import sha256

import numpy as np
from PIL import Image

from defacewatch.compare import noise
from defacewatch.compare.dom import Reading
from defacewatch.compare.sketch import hash64
from defacewatch.features import Document

BYTES = 64 * 1024
SIDE = 1024  # pixels
ENTRIES = 24  # pictures in one icon file
HASH_FAR = 10  # bits of 64
COLOUR_FAR = 40.0  # RGB distance
_STEP = 6  # grey levels: below it two neighbours are the same

_FORMATS = ("PNG", "GIF", "JPEG", "ICO", "BMP", "WEBP")
_ICO = b"\0\0\1\0"
_PNG = b"\x89PNG\r\n\x1a\n"
# How pictures begin that browsers show.
_PICTURE = re.compile(
    rb"\x89PNG\r\n\x1a\n|GIF8[79]a|\xff\xd8\xff|\0\0[\1\2]\0|BM.{4}\0{4}|RIFF.{4}WEBP|.{4}ftypavi[fs]",
    re.DOTALL,
)
_LOOKS = re.compile(r"([0-9a-f]{16})-([0-9a-f]{6})")
_REL = re.compile(r"(?:^|\s)icon(?:\s|$)", re.IGNORECASE)
_PROLOGUE = re.compile(
    r"\s*(?:<\?[^>]{0,300}>\s*+|<!--[^>]{0,2000}>\s*+|<!doctype[^>]{0,500}>\s*+){0,5}<svg[\s>]", re.I
)


def icon_of(data: bytes) -> str | None:
    """What an icon looks like: 'difference hash-mean colour' in hex, 'svg:hash' of a drawing's text, or
    'large:hash' of the data where it says that it is a picture and is broken, larger than an icon or of
    another format; None where it is no picture or shows nothing. What comes cut off is broken."""
    if not data:
        return None
    data = data[: BYTES + 1]
    start = data[:4000].decode("utf-8", "replace").lstrip("\ufeff")
    if _PROLOGUE.match(start):
        return f"svg:{hash64(noise.squeeze(data.decode('utf-8', 'replace'))):016x}"
    picture = _decoded(data) if len(data) <= BYTES else None
    if picture is not None:
        return _described(picture)
    return f"large:{sha256(data).hexdigest()[:16]}" if _PICTURE.match(data) else None


def _decoded(data: bytes) -> Image.Image | None:
    if data.startswith(_ICO) and not _is_small(data):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's remarks on broken files
            picture = Image.open(io.BytesIO(data), formats=_FORMATS)
            if not (0 < picture.width <= SIDE and 0 < picture.height <= SIDE):
                return None
            return picture.convert("RGBA")
    # Whatever a broken picture makes Pillow stumble over: SyntaxError is its word for a broken PNG.
    except (
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        IndexError,
        struct.error,
        Image.DecompressionBombError,
    ):
        return None


def _is_small(data: bytes) -> bool:
    """Whether every picture in an icon file says of itself that it is one of an icon's size: the list at the
    beginning of the file may say another thing than the picture."""
    count = int.from_bytes(data[4:6], "little")
    if not 0 < count <= ENTRIES or len(data) < 6 + 16 * count:
        return False
    for number in range(count):
        at = int.from_bytes(data[6 + 16 * number + 12 : 6 + 16 * number + 16], "little")
        head = data[at : at + 24]
        if len(head) < 24:
            return False
        width, height = struct.unpack(">II", head[16:24]) if head.startswith(_PNG) else _of_bitmap(head)
        if not (0 < width <= SIDE and 0 < height <= 2 * SIDE):
            return False
    return True


def _of_bitmap(head: bytes) -> tuple[int, int]:
    width, height = struct.unpack("<ii", head[4:12])
    return abs(width), abs(height)  # the height counts picture and mask


def _described(picture: Image.Image) -> str | None:
    if picture.getchannel("A").getextrema() == (0, 0):
        return None
    flat = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    grey = np.asarray(flat.convert("L").resize((9, 8), Image.Resampling.BOX), dtype=np.int16)
    bits = np.packbits((grey[:, 1:] - grey[:, :-1] > _STEP).reshape(-1))
    colour = np.asarray(flat.resize((1, 1), Image.Resampling.BOX)).reshape(3)
    return f"{int.from_bytes(bits.tobytes(), 'big'):016x}-{''.join(f'{int(value):02x}' for value in colour)}"


def looks_other(one: str, other: str) -> bool:
    """Whether two icons (as `icon_of` describes them) look different."""
    found, found2 = _LOOKS.fullmatch(one), _LOOKS.fullmatch(other)
    if found is None or found2 is None:
        return one != other
    bits = (int(found[1], 16) ^ int(found2[1], 16)).bit_count()
    return bits > HASH_FAR or math.dist(_colour(found[2]), _colour(found2[2])) > COLOUR_FAR


def _colour(digits: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(digits)
    return red, green, blue


def address_of(reading: Reading) -> str:
    """The address of the icon that a page names, of several the last, as the browser takes it, without
    cache-busters; '' when it names none."""
    named = ""
    for tag, attributes in reading.elements:
        if tag == "link" and "href" in attributes and _REL.search((attributes.get("rel") or "")[:100]):
            named = (attributes.get("href") or "").strip()
    if len(named) > noise.URL_LIMIT or named[:5].lower() == "data:":
        return f"data:{hash64(named):016x}"
    return noise.normal_url(named)[:300] if named else ""


def has_other_address(before: Document, after: Document) -> bool:
    """Whether both pages name an icon, and not the same."""
    return bool(before.icon and after.icon and before.icon != after.icon)
