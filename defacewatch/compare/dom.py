"""Reading a DOM once: its normalised form, its element paths, its texts by place, its links.

One pass over the tree without recursion (hostile pages nest deeply), bounded in nodes.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from itertools import islice
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from defacewatch.compare import drawings, nesting, noise
from defacewatch.compare.phrases import Block

NODE_LIMIT = 60_000  # nodes of a page that are read whole
LAST = 20_000  # … so many of them at its end
WALK_LIMIT = 400_000  # nodes that are passed at all
SHINGLE = 4  # elements in a path shingle
TEXT_LIMIT = 5000  # characters of one block
LABELS = 200  # texts kept of drawings
CLASSES, NAME = 300, 100  # characters of an element's classes and id that name it

_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_INLINE = frozenset(
    ("a", "abbr", "acronym", "b", "bdi", "bdo", "big", "blink", "cite", "code", "data", "em",
     "font", "i", "img", "ins", "kbd", "label", "mark", "q", "s", "samp", "small", "span", "strike",
     "strong", "sub", "sup", "time", "tt", "u", "var", "wbr", "script", "style", "link", "meta")
)  # fmt: skip
_LOADING = frozenset(
    ("script", "iframe", "frame", "embed", "object", "form", "input", "button", "img", "image",
     "source", "video", "audio", "link", "meta", "base")
)  # fmt: skip
_NO_TEXT = frozenset(("script", "style", "template", "svg", "math", "textarea", "select", "object"))
_DRAWING = frozenset(("svg", "math"))
_LABEL = frozenset(("text", "title", "desc"))  # what begins a text of its own in a drawing
_UNSHOWN = frozenset(("title", "desc"))
_URLS = frozenset(
    ("href", "src", "action", "formaction", "data", "poster", "background", "srcset", "longdesc")
)
_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|(?:left|top|right|bottom|text-indent|margin-left|margin-top)\s*:"
    r"\s*-\s*\d{3,}|font-size\s*:\s*0(?!\s*[.\d])|(?:^|;)\s*(?:max-)?(?:height|width)\s*:\s*[01](?:px)?\s*(?:;|$)"
    r"|(?:^|;)\s*opacity\s*:\s*0(?:\.0+)?\s*(?:;|$)|clip\s*:\s*rect|clip-path\s*:\s*inset\(\s*(?:50|100)%"
    r"|scale\(\s*0\s*[,)]|(?:^|;)\s*color\s*:\s*transparent|font-size\s*:\s*1px",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\d+")
_ALWAYS = _HEADINGS | {"title", "script", "iframe", "frame", "embed", "object", "form", "base", "meta"}
_HANDLERS = ("onload", "onerror", "onpageshow")
_HANDLING = frozenset(_HANDLERS)
_SECRETS = {"input": "value", "meta": "content"}  # what may carry a token made anew for every visitor
_MADE_ANEW = frozenset(("nonce", "integrity"))

Attributes = Mapping[str, str | None]


class Link(NamedTuple):
    """A link of the page: where to, its text, and whether its markup hides it."""

    href: str
    text: str
    hidden: bool


@dataclass
class Reading:
    """What one pass over a DOM found. `elements` are those that load or send something: (tag, attributes).
    `labels` are the texts in drawings, which are no text of the page; `drawn` says that it shows drawings.
    `cut` says that the page is too large to be read whole."""

    title: str = ""
    base: str | None = None
    blocks: list[Block] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    elements: list[tuple[str, Attributes]] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    shingles: set[str] = field(default_factory=set)
    normalised: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    drawn: bool = False
    cut: bool = False

    @property
    def dom_hash(self) -> str:
        """SHA-256 (hex) of the normalised DOM."""
        return sha256("\0".join(self.normalised).encode("utf-8", "surrogatepass")).hexdigest()


@lru_cache(maxsize=16384)
def step(tag: str, classes: str, identifier: str) -> str:
    """An element's name in a path: tag, id and stable classes, without numbers and states.

    The root's are left out: scripts note there what the visitor's browser can do.
    """
    name = tag
    if tag == "html":
        return name
    if identifier and not _DIGITS.search(identifier) and not noise.is_generated_id(identifier):
        name += "#" + identifier.strip()
    if classes:
        stable = {stem for word in classes.split() if (stem := noise.class_stem(word))}
        name += "".join("." + stem for stem in sorted(stable)[:4])
    return name


def step_of(tag: str, attributes: Attributes) -> str:
    """As `step`, of what an element says of itself; what is too long is cut."""
    return step(tag, (attributes.get("class") or "")[:CLASSES], (attributes.get("id") or "")[:NAME])


class _Reader:
    def __init__(self) -> None:
        self.reading = Reading()
        self.path: list[str] = []
        self.tags: list[str] = []
        self.hidden = self.heading = self.anchor = self.silent = 0
        self.text: list[str] = []
        self.length = self.linked = 0
        self.link: list[str] = []
        self.joins = False
        self.drawing = self.labelled = 0
        self.labels: list[list[str]] = []

    def enter(self, node: LexborNode, tag: str) -> None:
        attributes: Attributes = node.attributes
        # no browser shows links in there; a wall's or a site's plea for JavaScript has none
        unshown = tag == "noscript" and node.css_first("a") is not None
        hides = unshown or self._hides(attributes)
        if tag not in _INLINE or (hides and not self.hidden):
            self.flush()
        self.path.append(step_of(tag, attributes))
        self.tags.append(tag)
        self.joins = tag == "wbr"
        self.reading.shingles.add("/".join(self.path[-SHINGLE:]))
        self.reading.normalised.append(f"<{tag}{_normal_attributes(tag, attributes)}")
        self.hidden += hides or self.hidden > 0
        self._draw(tag, attributes)
        self.silent += tag in _NO_TEXT or self.silent > 0
        if tag in _HEADINGS:
            self.heading += 1
        elif tag == "a":
            self.anchor += 1
            self.link = []
        elif tag == "title" and not self.reading.title and not self.silent:
            self.reading.title = noise.squeeze(node.text())[:500]
        elif tag == "script":
            self._script(node, attributes)
        if tag in _LOADING:
            self.reading.elements.append((tag, attributes))
            if tag == "base" and self.reading.base is None:
                self.reading.base = attributes.get("href")
        if attributes and not _HANDLING.isdisjoint(attributes):
            self.reading.scripts += [attributes.get(name) or "" for name in _HANDLERS if name in attributes]

    def _draw(self, tag: str, attributes: Attributes) -> None:
        if self.drawing or (tag in _DRAWING and not self.silent):
            self.drawing += 1
            if tag in _LABEL or not self.labels:
                self.labels.append([])
        if not (self.reading.drawn or self.hidden) and drawings.is_drawing(tag, attributes):
            self.reading.drawn = True

    def _label(self, text: str, inside: str) -> None:
        """Note a text in a drawing. Names of icons are none that is seen, nor are figures a statement."""
        if self.hidden or self.labelled >= TEXT_LIMIT:
            return
        self.labels[-1].append(text[:TEXT_LIMIT])
        self.labelled += len(text)
        if inside not in _UNSHOWN and any(sign.isalpha() for sign in text):
            self.reading.drawn = True

    def _end_drawing(self) -> None:
        """Its texts one by one, and in one, since a sentence may be put together from several."""
        texts = [" ".join(pieces) for pieces in self.labels if pieces]
        whole = [" ".join(texts)] if len(texts) > 1 else []
        room = max(0, LABELS - len(self.reading.labels))
        self.reading.labels += [*whole, *texts][:room]
        self.labels, self.labelled = [], 0

    def skip(self, tag: str) -> None:
        """Enter an element of which nothing is noted."""
        self.path.append(tag)
        self.tags.append(tag)
        self.hidden += self.hidden > 0
        self.drawing += self.drawing > 0
        self.silent += tag in _NO_TEXT or self.silent > 0
        self.anchor += tag == "a"

    def _hides(self, attributes: Attributes) -> bool:
        style = attributes.get("style")
        return "hidden" in attributes or (style is not None and _HIDING.search(style) is not None)

    def _script(self, node: LexborNode, attributes: Attributes) -> None:
        kind = (attributes.get("type") or "").lower()
        if "src" not in attributes and (
            not kind or "javascript" in kind or kind == "module" or "ecma" in kind
        ):
            self.reading.scripts.append(node.text())

    def leave(self, node: LexborNode, *, noted: bool = True) -> None:
        tag = self.tags.pop()
        self.path.pop()
        if tag not in _INLINE or self.hidden == 1:
            self.flush()
        if tag == "a":
            href = node.attributes.get("href") if noted else None
            if href:
                self.reading.links.append(
                    Link(href, noise.squeeze(" ".join(self.link))[:300], bool(self.hidden))
                )
            self.anchor -= 1
        if self.drawing == 1:
            self._end_drawing()
        self.drawing -= self.drawing > 0
        self.hidden -= self.hidden > 0
        self.silent -= self.silent > 0
        if tag in _HEADINGS:
            self.heading -= 1
        self.reading.normalised.append(">")

    def put(self, text: str) -> None:
        inside = self.tags[-1] if self.tags else ""
        if inside in ("script", "style"):
            self.reading.normalised.append(noise.normal_script(text[: noise.SCRIPT_LIMIT]))
            self.reading.drawn = self.reading.drawn or (inside == "style" and drawings.paints(text))
            return
        if text.isspace():  # what stands between most elements
            return
        joins = self.joins and bool(self.text) and not text[:1].isspace()
        text = noise.squeeze(text)
        if not text:
            return
        self.joins = False
        self.reading.normalised.append(text)
        if self.drawing:
            self._label(text, inside)
        if self.silent or inside == "title":
            return
        if self.length < TEXT_LIMIT and joins:
            self.text[-1] += text[:TEXT_LIMIT]
        elif self.length < TEXT_LIMIT:
            self.text.append(text[:TEXT_LIMIT])
        self.length += len(text)
        if self.anchor:
            self.linked += len(text)
            self.link.append(text)

    def clear(self) -> None:
        """Leave whatever is still open."""
        self.path, self.tags = [], []
        self.hidden = self.heading = self.anchor = self.silent = self.drawing = self.labelled = 0
        self.labels = []

    def flush(self) -> None:
        """End the block of text that is being gathered."""
        if not self.text:
            return
        if self.hidden:
            place = "hidden"
        elif self.linked * 2 > self.length:
            place = "anchor"
        else:
            place = "heading" if self.heading else "text"
        self.reading.blocks.append(Block(place, " ".join(self.text)))
        self.text, self.length, self.linked = [], 0, 0


def _normal_attributes(tag: str, attributes: Attributes) -> str:
    if not attributes:
        return ""
    secret = _SECRETS.get(tag)
    if secret and not noise.is_token_name(attributes.get("name") or attributes.get("id") or ""):
        secret = None
    parts = []
    for key in sorted(attributes):
        value = attributes[key]
        if key == secret or key in _MADE_ANEW:
            continue
        if value:
            value = noise.normal_url(value) if key in _URLS else noise.normal_value(value)
        parts.append(f" {key}={value or ''}")
    return "".join(parts)


def _nodes(root: LexborNode) -> Iterator[tuple[bool, LexborNode]]:
    """Each node in document order as (True, node), and again as (False, node) when it is left."""
    stack: list[LexborNode] = []
    node: LexborNode | None = root
    while node is not None:
        yield True, node
        child = node.first_child
        if child is not None:
            stack.append(node)
            node = child
            continue
        yield False, node
        following = node.next if stack else None
        while following is None and stack:
            parent = stack.pop()
            yield False, parent
            following = parent.next if stack else None
        node = following


def read(html: str) -> Reading:
    """Read the DOM of `html`.

    Of a page beyond the limits the beginning and the end are read, and between them headings, scripts, forms
    and frames; the rest counts only for the hash.
    """
    reader = _Reader()
    narrow = nesting.narrow(html)
    parsed = nesting.parsable(narrow)
    _walk(reader, parsed)
    if len(parsed) < len(narrow):
        _walk(reader, nesting.rest(narrow, len(parsed)))
    reader.reading.cut |= len(parsed) < len(narrow) or narrow is not html
    if reader.reading.cut:
        reader.reading.normalised.append(sha256(html.encode("utf-8", "surrogatepass")).hexdigest())
    return reader.reading


def _walk(reader: _Reader, html: str) -> None:
    root = LexborHTMLParser(html.encode("utf-8", "replace")).root
    if root is None:
        return
    size = 0
    if html.count("<") * 2 > LAST:  # a tag makes an element and a text; broken nesting makes more of it
        size = sum(entering for entering, _ in islice(_nodes(root), 2 * WALK_LIMIT))
    last = size - LAST if size > NODE_LIMIT else 0
    reader.reading.cut |= last > 0
    count = 0
    for entering, node in islice(_nodes(root), 2 * WALK_LIMIT):
        count += entering
        noted = not last or count <= NODE_LIMIT - LAST or count > last
        if node.is_element_node:
            tag = node.tag or ""
            if not entering:
                reader.leave(node, noted=noted)
            elif noted or tag in _ALWAYS:
                reader.enter(node, tag)
            else:
                reader.skip(tag)
        elif entering and node.is_text_node and (noted or reader.heading):
            reader.put(node.text_content or "")
    reader.flush()
    reader.clear()
