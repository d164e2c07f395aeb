"""How much of a page is safe to parse.

The HTML algorithm walks the stack of open elements for many a tag, so a page that nests tens of thousands of
elements takes minutes to parse (browsers stop nesting at 512). Such a page is cut where it begins to.
"""

import re
from collections import Counter

DEPTH_LIMIT = 1000
TAG_LIMIT = 80_000
FEW_TAGS = 8000  # a page of so few cannot take long, however they nest

# Possessive throughout: every character is looked at once, whatever is left open.
_TAG = re.compile(
    r"<!--(?:(?!-->).)*+(?:-->)?|<(/?)([a-z][^\s/>\"']{0,40})(?:[^>\"']|\"[^\"]*\"|'[^']*')*+",
    re.IGNORECASE | re.DOTALL,
)
# Those that hold nothing, and those that end where the next of their kind begins.
_FLAT = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track",
     "wbr", "p", "li", "dt", "dd", "option", "tr", "td", "th")
)  # fmt: skip
# Drawings end an element with '/>', which means nothing elsewhere.
_DRAWN = frozenset(
    ("svg", "g", "path", "use", "circle", "ellipse", "rect", "polygon", "polyline", "line", "stop", "defs",
     "mask", "symbol", "image", "lineargradient", "radialgradient", "clippath")
)  # fmt: skip


def parsable(html: str) -> str:
    """`html`, or its beginning that nests at most `DEPTH_LIMIT` deep and has at most `TAG_LIMIT` tags."""
    if html.count("<") <= FEW_TAGS:
        return html
    open_tags: Counter[str] = Counter()
    depth = 0
    drawing = False
    for number, found in enumerate(_TAG.finditer(html)):
        if depth > DEPTH_LIMIT or number > TAG_LIMIT:
            return html[: found.start()]
        name = (found.group(2) or "").lower()
        drawing = name in _DRAWN and (drawing or name == "svg") if name else drawing
        if not name or name in _FLAT or (drawing and found.group().endswith("/")):
            continue
        if not found.group(1):
            open_tags[name] += 1
            depth += 1
        elif open_tags[name]:
            open_tags[name] -= 1
            depth -= 1
    return html
