"""How much of a page is safe to parse.

The HTML algorithm walks the stack of open elements for many a tag, so a page that nests tens of thousands of
elements takes minutes to parse (browsers stop nesting at 512). Such a page is cut where it begins to, and
of what follows the end is parsed, and what shows or loads something. Attributes of one tag are compared with
each other, so a tag of very many loses the later ones.
"""

import re
from collections import Counter
from itertools import islice

DEPTH_LIMIT = 1000
TAG_LIMIT = 80_000
FEW_TAGS = 8000  # a page of so few cannot take long, however they nest
ATTRIBUTES = 500  # of one tag
PIECES = 2000  # pieces that are kept of what lies between the beginning and the end

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
# As browsers read them: quotes count only after an equals sign.
_ATTRIBUTE = r"[\s/]*+[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:\"[^\"]*+\"?+|'[^']*+'?+|[^\s>\"'][^\s>]*+)?+)?+"
_WIDE = re.compile(rf"(<[a-z][^\s/>]*+(?:{_ATTRIBUTE}){{0,{ATTRIBUTES}}}+)({_ATTRIBUTE})?+", re.IGNORECASE)
_END = re.compile(r"[<>]")
_PIECE = re.compile(
    r"<(h[1-6]|script|i?frame|form|embed|object|base)(?=[\s/>])[^<>]{0,2000}+>[^<]{0,500}+", re.IGNORECASE
)


def narrow(html: str) -> str:
    """`html` with at most `ATTRIBUTES` attributes in a tag.

    The rest of a wider one goes up to the next angle bracket, so what only looks like a tag in a script
    takes nothing with it that stands behind the script.
    """
    kept: list[str] = []
    begin = at = 0
    while tag := _WIDE.search(html, at):
        at = tag.end()
        if tag.group(2) is not None:
            at = end.start() if (end := _END.search(html, tag.end(1))) else len(html)
            kept += [html[begin : tag.end(1)], "" if html[at : at + 1] == ">" else ">"]
            begin = at
    return "".join([*kept, html[begin:]]) if kept else html


def rest(html: str, at: int) -> str:
    """What is parsed of `html` from `at` on, where its beginning ends: its last `FEW_TAGS` tags, and before
    them headings, scripts, forms and frames."""
    begin = len(html)
    for _ in range(FEW_TAGS):
        before = html.rfind("<", at, begin)
        if before < 0:
            break
        begin = before
    pieces = (f"{piece.group()}</{piece.group(1)}>" for piece in _PIECE.finditer(html, at, begin))
    return "".join(islice(pieces, PIECES)) + html[begin:]


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
