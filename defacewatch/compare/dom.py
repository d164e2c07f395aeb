"""Reading a DOM once: its normalised form, its element paths, its texts by place, its links.

One pass over the tree without recursion (hostile pages nest deeply), bounded in nodes.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from defacewatch.compare import nesting, noise
from defacewatch.compare.phrases import Block

NODE_LIMIT = 60_000
SHINGLE = 4  # elements in a path shingle
TEXT_LIMIT = 5000  # characters of one block

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
_URLS = frozenset(
    ("href", "src", "action", "formaction", "data", "poster", "background", "srcset", "longdesc")
)
_STATEFUL = re.compile(
    r"^(?:active|open|show|in|hover|current|selected|focus|odd|even|first|last|lazy\w*|loaded|loading|js|no-js|visible"
    r"|(?:slick|swiper|owl|carousel|flex|bx|nivo|is|has|aos|wow|animated?)(?:[-_].*)?)$",
    re.IGNORECASE,
)
_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|(?:left|top|right|bottom|text-indent|margin-left|margin-top)\s*:"
    r"\s*-\s*\d{3,}|font-size\s*:\s*0(?!\s*[.\d])|(?:^|;)\s*(?:max-)?(?:height|width)\s*:\s*[01](?:px)?\s*(?:;|$)"
    r"|(?:^|;)\s*opacity\s*:\s*0(?:\.0+)?\s*(?:;|$)",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\d+")
_HANDLERS = ("onload", "onerror", "onpageshow")

Attributes = Mapping[str, str | None]


class Link(NamedTuple):
    """A link of the page: where to, its text, and whether its markup hides it."""

    href: str
    text: str
    hidden: bool


@dataclass
class Reading:
    """What one pass over a DOM found. `elements` are those that load or send something: (tag, attributes)."""

    title: str = ""
    base: str | None = None
    blocks: list[Block] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    elements: list[tuple[str, Attributes]] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    shingles: set[str] = field(default_factory=set)
    normalised: list[str] = field(default_factory=list)

    @property
    def dom_hash(self) -> str:
        """SHA-256 (hex) of the normalised DOM."""
        return sha256("\0".join(self.normalised).encode("utf-8", "surrogatepass")).hexdigest()


@lru_cache(maxsize=16384)
def _step(tag: str, classes: str, identifier: str) -> str:
    """An element's name in a path: tag, id and stable classes, without numbers and states."""
    name = tag
    if identifier and not _DIGITS.search(identifier):
        name += "#" + identifier.strip()
    if classes:
        stable = {_DIGITS.sub("", word) for word in classes.split() if not _STATEFUL.match(word)}
        name += "".join("." + word for word in sorted(stable)[:4])
    return name


class _Reader:
    def __init__(self) -> None:
        self.reading = Reading()
        self.path: list[str] = []
        self.tags: list[str] = []
        self.hidden = self.heading = self.anchor = self.silent = 0
        self.text: list[str] = []
        self.length = self.linked = 0
        self.link: list[str] = []

    def enter(self, node: LexborNode, tag: str) -> None:
        attributes: Attributes = node.attributes
        hides = self._hides(attributes)
        if tag not in _INLINE or (hides and not self.hidden):
            self.flush()
        self.path.append(
            _step(tag, (attributes.get("class") or "")[:300], (attributes.get("id") or "")[:100])
        )
        self.tags.append(tag)
        self.reading.shingles.add("/".join(self.path[-SHINGLE:]))
        self.reading.normalised.append(f"<{tag}{_normal_attributes(tag, attributes)}")
        self.hidden += hides or self.hidden > 0
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
        if len(attributes) and any(name in attributes for name in _HANDLERS):
            self.reading.scripts += [attributes.get(name) or "" for name in _HANDLERS if name in attributes]

    def _hides(self, attributes: Attributes) -> bool:
        style = attributes.get("style")
        return "hidden" in attributes or (style is not None and _HIDING.search(style) is not None)

    def _script(self, node: LexborNode, attributes: Attributes) -> None:
        kind = (attributes.get("type") or "").lower()
        if "src" not in attributes and (
            not kind or "javascript" in kind or kind == "module" or "ecma" in kind
        ):
            self.reading.scripts.append(node.text())

    def leave(self, node: LexborNode) -> None:
        tag = self.tags.pop()
        self.path.pop()
        if tag not in _INLINE or self.hidden == 1:
            self.flush()
        if tag == "a":
            href = node.attributes.get("href")
            if href:
                self.reading.links.append(
                    Link(href, noise.squeeze(" ".join(self.link))[:300], bool(self.hidden))
                )
            self.anchor -= 1
        self.hidden -= self.hidden > 0
        self.silent -= self.silent > 0
        if tag in _HEADINGS:
            self.heading -= 1
        self.reading.normalised.append(">")

    def put(self, text: str) -> None:
        inside = self.tags[-1] if self.tags else ""
        if inside in ("script", "style"):
            self.reading.normalised.append(noise.normal_script(text[: noise.SCRIPT_LIMIT]))
            return
        text = noise.squeeze(text)
        if not text:
            return
        self.reading.normalised.append(text)
        if self.silent or inside == "title":
            return
        if self.length < TEXT_LIMIT:
            self.text.append(text[:TEXT_LIMIT])
        self.length += len(text)
        if self.anchor:
            self.linked += len(text)
            self.link.append(text)

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
    name = attributes.get("name") or attributes.get("id") or ""
    secret = {"input": "value", "meta": "content"}.get(tag)
    parts = []
    for key in sorted(attributes):
        value = attributes[key]
        if key in ("nonce", "integrity") or (key == secret and noise.is_token_name(name)):
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
    """Read the DOM of `html`. What lies beyond the limits counts only for the hash."""
    reader = _Reader()
    parsed = nesting.parsable(html)
    root = LexborHTMLParser(parsed.encode("utf-8", "replace")).root
    if root is None:
        return reader.reading
    count = 0
    for entering, node in _nodes(root):
        if node.is_element_node:
            if entering:
                reader.enter(node, node.tag or "")
            else:
                reader.leave(node)
        elif entering and node.is_text_node:
            reader.put(node.text_content or "")
        count += entering
        if count > NODE_LIMIT:
            break
    if count > NODE_LIMIT or len(parsed) < len(html):
        reader.reading.normalised.append(sha256(html.encode("utf-8", "surrogatepass")).hexdigest())
    reader.flush()
    return reader.reading
