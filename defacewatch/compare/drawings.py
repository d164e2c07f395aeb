"""What a page draws without loading a file of it: pictures in its own markup, canvases, vector drawings.

An error page that says nothing known is believed only while it shows nothing either, and such a picture can
say all that a defacement says. Icons do not count, nor do the single points that count visitors.
"""

import re
from collections.abc import Mapping

from defacewatch.captures import Rendering

ICON = 200  # CSS pixels: a vector drawing up to this wide and high is an icon or a logo
DOT = 200  # characters of a data address: a picture of one transparent point has no more
BACKGROUND = 40_000  # square CSS pixels of a picture that is more than a logo
STYLES = 100_000  # characters of a style sheet that are looked at
_URL = re.compile(r"url\(", re.IGNORECASE)

_ALWAYS = frozenset(("canvas", "video", "object", "embed"))
_SOURCES = {
    "img": ("src", "srcset"),
    "image": ("href", "xlink:href", "src"),
    "source": ("srcset",),
    "input": ("src",),
}
_PAINTED = re.compile(r"(?:background(?:-image)?|content)\s{0,5}:[^;{}]{0,200}?\burl\(", re.IGNORECASE)
_SIZE = re.compile(r"\s{0,9}(\d{1,6})(?:\.\d{1,9})?\s{0,9}(%|[a-z]{0,4})", re.IGNORECASE)
_STYLED = {
    side: re.compile(rf"(?:^|[;\s]){side}\s{{0,5}}:([^;]{{1,30}})", re.IGNORECASE)
    for side in ("width", "height")
}
_PIXELS = frozenset(("", "px", "pt"))


def is_drawing(tag: str, attributes: Mapping[str, str | None]) -> bool:
    """Whether an element shows a picture that is in the page itself, or any in its background."""
    if tag in _ALWAYS or attributes.get("background"):
        return True
    style = attributes.get("style")
    if style and paints(style):
        return True
    if tag == "svg":
        return _is_large(attributes)
    if tag == "iframe":
        return bool(attributes.get("srcdoc")) or _data(attributes.get("src")) is not None
    return any(_is_picture(attributes.get(name), attributes) for name in _SOURCES.get(tag, ()))


def paints(style: str) -> bool:
    """Whether a style sheet or style attribute puts a picture somewhere."""
    piece = style[:STYLES]
    return _URL.search(piece) is not None and _PAINTED.search(piece) is not None


def is_shown(rendering: Rendering | None) -> bool:
    """Whether the browser shows a picture that is more than a logo, wherever that comes from."""
    return rendering is not None and any(p.width * p.height > BACKGROUND for p in rendering.pictures)


def _data(url: str | None) -> str | None:
    """The start of an address that holds its own content, lower case; None for any other address."""
    start = (url or "")[: DOT + 50].strip().lower()
    return start if start.startswith("data:") else None


def _is_picture(url: str | None, attributes: Mapping[str, str | None]) -> bool:
    start = _data(url)
    if start is None or (len(start) <= DOT and "svg" not in start):
        return False
    sides = [_pixels(attributes.get(side)) for side in ("width", "height")]
    return not all(side is not None and side <= ICON / 4 for side in sides)


def _is_large(attributes: Mapping[str, str | None]) -> bool:
    """Whether a vector drawing is larger than an icon. One that names no size fills its place, unless some
    style sheet knows it by a name."""
    style = attributes.get("style") or ""
    sides = []
    for side, styled in _STYLED.items():
        found = styled.search(style[:2000])
        said = found.group(1) if found is not None else attributes.get(side)
        if said and (size := _pixels(said)) is not None:
            sides.append(size)
    if sides:
        return max(sides) > ICON
    return not (attributes.get("class") or attributes.get("id"))


def _pixels(said: str | None) -> float | None:
    """A length in pixels; a share of the page or window is as large as can be, an unknown one None."""
    found = _SIZE.match(said or "")
    if found is None:
        return None
    unit = found.group(2).lower()
    if unit in _PIXELS:
        return float(found.group(1))
    if unit in ("em", "rem", "ex", "ch"):
        return 16.0 * float(found.group(1))
    return float("inf")
