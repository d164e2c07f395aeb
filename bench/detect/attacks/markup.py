"""Changing a page's bytes as somebody with write access to its server would: by cutting, or in its tree.

Inserting is done in the source, so that the rest stays byte for byte what it was; what needs the structure
of the page is done in a parsed tree, which is written out again.
"""

import codecs
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from html import escape
from pathlib import PurePosixPath
from random import Random
from string import ascii_letters, digits
from urllib.parse import quote, unquote, urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from bench.detect.scene import Answer, Make, Scene

Tree = LexborHTMLParser
Node = LexborNode
TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ico": "image/x-icon",
}

_CHARSET = re.compile(rb"charset\s{0,4}=\s{0,4}[\"']?([\w-]{2,20})", re.IGNORECASE)
_HEAD = re.compile(r"<head(?:\s[^>]{0,500})?>", re.IGNORECASE)
_BODY = re.compile(r"<body(?:\s[^>]{0,2000})?>", re.IGNORECASE)
_TITLE = re.compile(r"(<title[^>]{0,200}>)([^<]{0,1000})(</title>)", re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?(?:-->|$)", re.DOTALL)
_AREAS = (
    "main,[role=main],#main-content,#content,#main,.main-content,#contents,#page-content,article,"
    ".content,.portlet-layout,#left-col,#wrapper-content"
)
_LEAST, _MOST = 0.15, 0.95  # a content area holds this share of the text of its page
_BLOCKS = frozenset(
    {"div", "section", "article", "main", "table", "td", "tbody", "tr", "ul", "form", "center"}
)


def charset_of(body: bytes) -> str:
    """The encoding that the page declares, or UTF-8 when it is that, or Windows-1252 as browsers guess."""
    found = _CHARSET.search(body[:4096])
    if found:
        try:
            return codecs.lookup(found[1].decode("ascii")).name
        except LookupError:
            pass
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def text_of(scene: Scene) -> str:
    """The source of the page."""
    return scene.page.body.decode(charset_of(scene.page.body), "replace")


def with_text(scene: Scene, text: str, **extra: Answer) -> Scene:
    """The scene with another source of its page, in the encoding that it had."""
    body = text.encode(charset_of(scene.page.body), "xmlcharrefreplace")
    return replace(scene, page=replace(scene.page, body=body))


def with_extra(scene: Scene, extra: Mapping[str, Answer]) -> Scene:
    """The scene with more that servers answer."""
    return replace(scene, extra={**scene.extra, **extra})


def bare(text: str) -> str:
    """`text` with its comments blanked, so that what is found in it is in the page."""
    return _COMMENT.sub(lambda found: " " * len(found[0]), text)


def in_head(text: str, piece: str) -> str:
    """`piece` at the end of the head, or wherever the page would have its head."""
    seen = bare(text)
    end = seen.lower().find("</head>")
    if end >= 0:
        return text[:end] + piece + text[end:]
    found = _HEAD.search(seen) or _BODY.search(seen)
    place = 0 if found is None else found.end() if found.re is _HEAD else found.start()
    return text[:place] + piece + text[place:]


def at_top(text: str, piece: str) -> str:
    """`piece` as the first thing in the body."""
    seen = bare(text)
    found = _BODY.search(seen)
    place = found.end() if found else max(0, seen.lower().find("</head>") + 7)
    return text[:place] + piece + text[place:]


def at_end(text: str, piece: str) -> str:
    """`piece` as the last thing in the body."""
    low = bare(text).lower()
    place = low.rfind("</body>")
    place = place if place >= 0 else low.rfind("</html>")
    return text + piece if place < 0 else text[:place] + piece + text[place:]


def retitled(text: str, title: str) -> str:
    """The page under another title; one without gets it."""
    if not _TITLE.search(text):
        return in_head(text, f"<title>{escape(title)}</title>")
    return _TITLE.sub(lambda found: f"{found[1]}{escape(title)}{found[3]}", text, count=1)


def title_of(text: str) -> str:
    found = _TITLE.search(text)
    return found[2].strip() if found else ""


def edited(scene: Scene, edit: Callable[[Tree], bool]) -> Scene | None:
    """The scene with its page's tree changed by `edit`, which says whether it found what it needs."""
    tree = Tree(text_of(scene))
    if tree.body is None or not edit(tree):
        return None
    return with_text(scene, tree.html or "")


def letters(node: Node) -> int:
    """How much there is to read in a node, in characters, without what scripts and styles say."""
    own = len(node.text(separator=" "))
    return own - sum(len(code.text()) for code in node.css("script,style,noscript"))


def content_area(tree: Tree) -> Node | None:
    """Where the page keeps its content: what it names so, or a block that holds most of its text."""
    body = tree.body
    if body is None:
        return None
    whole = max(1, letters(body))
    named = [node for node in body.css(_AREAS)[:15] if _LEAST <= letters(node) / whole <= _MOST]
    return max(named, key=letters) if named else _largest(body, whole)


def _largest(body: Node, whole: int) -> Node | None:
    node = body
    for _ in range(60):
        blocks = [child for child in node.iter() if child.tag in _BLOCKS]
        best = max(blocks, key=letters, default=None)
        if best is None or letters(best) < 0.4 * whole:
            break
        node = best
        if letters(node) <= 0.8 * whole:
            break
    if node.tag == "body" or letters(node) > _MOST * whole:
        return None
    return node


def chosen(*makes: Make) -> Make:
    """A kind that is made in one of several ways: the first that applies, in the order the dice give."""

    def make(scene: Scene, dice: Random) -> object:
        order = list(makes)
        dice.shuffle(order)
        return next((made for one in order if (made := one(scene, dice)) is not None), None)

    return make  # type: ignore[return-value]


def site_file(scene: Scene, reference: str | None) -> tuple[str, bytes] | None:
    """A file of the page's own site as (absolute address, bytes), or None when the scene has no such file."""
    if not reference or reference.startswith("data:"):
        return None
    url = urljoin(scene.url, reference.strip()).split("#")[0]
    known = scene.extra.get(url) or scene.extra.get(url.split("?")[0])
    if known is not None:
        return url, known.body
    if scene.folder is None or urlsplit(url).netloc != urlsplit(scene.url).netloc:
        return None
    # A path that climbs out of the folder is nobody's file.
    parts = PurePosixPath(unquote(urlsplit(url).path)).parts[1:]
    path = scene.folder.joinpath(*parts)
    if not parts or ".." in parts or not path.is_file():
        return None
    return url, path.read_bytes()


def base_of(scene: Scene) -> str:
    """Scheme and host of the page."""
    parts = urlsplit(scene.url)
    return f"{parts.scheme}://{parts.netloc}"


def js(text: str) -> str:
    """A string as JavaScript writes it, safe inside a script element."""
    return json.dumps(text).replace("</", "<\\/")


def css_string(text: str) -> str:
    """A string as CSS writes it, in ASCII."""
    plain = frozenset(ascii_letters + digits + " ")
    return '"' + "".join(c if c in plain else f"\\{ord(c):x} " for c in text) + '"'


def data_url(kind: str, text: str) -> str:
    return f"data:{kind};charset=utf-8,{quote(text)}"


def with_content(scene: Scene, piece: str) -> Scene | None:
    """The scene with nothing but `piece` in its content area."""

    def edit(tree: Tree) -> bool:
        area = content_area(tree)
        if area is None:
            return False
        area.inner_html = piece
        return True

    return edited(scene, edit)
