"""The difference of two documents as a person reads it: blocks of text that came, went or are others, what is
hidden among them, and the hosts that came and went. Text only, whatever the documents hold."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

DOCUMENT = 1_000_000  # characters of a document that are read
BLOCKS = 1500  # of one document
BLOCK = 400  # characters of one block
NODES = 60_000  # of the tree that are looked at
DEEP = 250  # levels of it
SHOWN = 120  # blocks of a difference; of more it is said how many there are
HOSTS = 60  # of those that came, and of those that went
ALIKE = 0.55  # from which likeness (0..1) on two blocks are one that was changed

_BLOCKS = frozenset(
    (
        "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "div",
        "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6",
        "header", "hr", "html", "legend", "li", "main", "marquee", "nav", "ol", "option", "p", "pre",
        "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "title", "tr", "ul",
    )
)  # fmt: skip
_MUTE = frozenset(("script", "style", "noscript", "template", "svg"))
_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(?:\.0+)?\s*(?:;|$)|font-size\s*:\s*0"
    r"|(?:left|top|text-indent)\s*:\s*-\d{3,}",
    re.IGNORECASE,
)
_ADDRESSES = {
    "script": ("script", "src"),
    "iframe": ("frame", "src"),
    "frame": ("frame", "src"),
    "form": ("form", "action"),
    "a": ("link", "href"),
    "img": ("picture", "src"),
    "link": ("style", "href"),
    "video": ("media", "src"),
    "audio": ("media", "src"),
    "source": ("media", "src"),
    "embed": ("media", "src"),
    "object": ("media", "data"),
}


@dataclass(frozen=True)
class Piece:
    """A part of a changed block: `mark` is '' (as it was), '-' (gone) or '+' (new)."""

    mark: str
    text: str


@dataclass(frozen=True)
class Block:
    """One difference: `kind` is 'added', 'removed' or 'changed'; `hidden`: visitors do not see it."""

    kind: str
    pieces: tuple[Piece, ...]
    hidden: bool = False


@dataclass(frozen=True)
class Reading:
    """What is another. `more` blocks are left out; hosts are (role, host)."""

    blocks: tuple[Block, ...] = ()
    more: int = 0
    same: int = 0
    hosts_added: tuple[tuple[str, str], ...] = ()
    hosts_removed: tuple[tuple[str, str], ...] = ()

    @property
    def nothing(self) -> bool:
        return not (self.blocks or self.hosts_added or self.hosts_removed)


@dataclass(frozen=True)
class _Text:
    text: str
    hidden: bool


def read_difference(before: str, after: str) -> Reading:
    """What a person would say is another in the document `after`. Pure, bounded; CPU only."""
    old, old_hosts = _read(before)
    new, new_hosts = _read(after)
    blocks: list[Block] = []
    same = 0
    matcher = SequenceMatcher(None, [b.text for b in old], [b.text for b in new])
    for how, a, b, c, d in matcher.get_opcodes():
        if how == "equal":
            same += b - a
            blocks += [
                Block("changed", (Piece("", then.text),), True)
                for now, then in zip(old[a:b], new[c:d], strict=True)
                if then.hidden and not now.hidden
            ]
        else:
            blocks += _replaced(old[a:b], new[c:d])
    return Reading(
        tuple(blocks[:SHOWN]),
        max(0, len(blocks) - SHOWN),
        same,
        tuple(sorted(new_hosts - old_hosts)[:HOSTS]),
        tuple(sorted(old_hosts - new_hosts)[:HOSTS]),
    )


def _replaced(old: Sequence[_Text], new: Sequence[_Text]) -> Iterator[Block]:
    """Blocks in one place: pairs that are alike were changed, the rest went and came."""
    left = list(old[:SHOWN])
    for block in new:
        twin = next((o for o in left[:8] if _alike(o.text, block.text)), None)
        if twin is None:
            yield Block("added", (Piece("+", block.text),), block.hidden)
            continue
        left.remove(twin)
        yield Block("changed", tuple(_pieces(twin.text, block.text)), block.hidden)
    for gone in (*left, *old[SHOWN:]):
        yield Block("removed", (Piece("-", gone.text),), gone.hidden)


def _alike(one: str, other: str) -> bool:
    matcher = SequenceMatcher(None, one.split(), other.split())
    return matcher.quick_ratio() >= ALIKE and matcher.ratio() >= ALIKE


def _pieces(before: str, after: str) -> Iterator[Piece]:
    old, new = before.split(), after.split()
    for how, a, b, c, d in SequenceMatcher(None, old, new).get_opcodes():
        if how == "equal":
            yield Piece("", " ".join(old[a:b]))
            continue
        if b > a:
            yield Piece("-", " ".join(old[a:b]))
        if d > c:
            yield Piece("+", " ".join(new[c:d]))


def _read(html: str) -> tuple[list[_Text], frozenset[tuple[str, str]]]:
    """The blocks of a document, in order, and the hosts that it names."""
    root = LexborHTMLParser(html[:DOCUMENT]).root
    if root is None:
        return [], frozenset()
    found: list[_Text] = []
    hosts: set[tuple[str, str]] = set()
    words: list[str] = []
    state = False  # whether the words so far are hidden

    def close() -> None:
        text = " ".join(" ".join(words).split())[:BLOCK]
        words.clear()
        if text and len(found) < BLOCKS:
            found.append(_Text(text, state))

    stack: list[tuple[LexborNode | None, int, bool]] = [(root, 0, False)]
    for _ in range(NODES):
        if not stack:
            break
        node, depth, hidden = stack.pop()
        if node is None or hidden != state:  # a block ends
            close()
            state = hidden
        if node is None:
            continue
        if node.tag == "-text":
            words.append((node.text_content or "")[:BLOCK])
            continue
        hosts.update(_hosts(node))
        if node.tag == "title" and not hidden:
            found.insert(0, _Text(" ".join(node.text().split())[:BLOCK], False))
            continue
        if node.tag in _MUTE or depth >= DEEP:
            continue
        hidden = hidden or _hides(node)
        is_block = node.tag in _BLOCKS
        if is_block:
            close()
            stack.append((None, depth, state))
        stack += reversed([(child, depth + 1, hidden) for child in node.iter(include_text=True)])
    close()
    return [block for block in found if block.text], frozenset(hosts)


def _hides(node: LexborNode) -> bool:
    attributes = node.attributes
    return "hidden" in attributes or bool(_HIDING.search((attributes.get("style") or "")[:BLOCK]))


def _hosts(node: LexborNode) -> Iterator[tuple[str, str]]:
    role, name = _ADDRESSES.get(node.tag or "", ("", ""))
    address = (node.attributes.get(name) or "")[:BLOCK] if name else ""
    if address.strip().lower().startswith(("http:", "https:", "//")):
        try:
            host = urlsplit(address.strip()).hostname
        except ValueError:
            return
        if host:
            yield role, host
