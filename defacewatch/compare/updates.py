"""Whether a document is one that was read before with a little news in it, found out by the news alone.

Two copies are cut at each tag; what both begin and end with is left aside, and what stands between is looked
at piece by piece. Nothing is taken for little news that could be more: it brings plain text and links in
markup that the page uses already, nothing that loads from or leads to a host that the page did not know,
no wording that speaks of an attack, and the tags around it stay nested as they were.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import urlsplit

from defacewatch.compare import dom, domains, links, noise, phrases, text, wording
from defacewatch.compare.phrases import Block
from defacewatch.compare.sameness import ATTRIBUTE, CODED, MOST, RAW, TAG, Copy, same_piece

LARGEST = 400_000  # characters of a document
DOCUMENT = 20_000  # pieces of one
PIECES = 400  # between what both copies begin and end with
REGION = 16_000  # characters of those
NEW = 3_000  # characters of text that are new, and of text that is gone
SHARE = 0.1  # … at most of the document's characters
SLIDE = 50  # pieces by which an insertion is moved to where an element begins
STRETCH = 64  # pieces that are compared at once
FOREIGN = 10  # letters that are not Latin

_PLAIN = frozenset(
    ("a", "abbr", "article", "b", "br", "dd", "div", "dl", "dt", "em", "figcaption", "figure", "h2", "h3",
     "h4", "h5", "h6", "hr", "i", "img", "li", "ol", "p", "section", "small", "span", "strong", "sub", "sup",
     "table", "tbody", "td", "th", "thead", "time", "tr", "u", "ul")
)  # fmt: skip
_VOID = frozenset(("br", "hr", "img"))
_SAID = frozenset(("alt", "title", "datetime", "aria-label"))  # attributes that may say anything
_SIZES = frozenset(("width", "height", "colspan", "rowspan", "data-id"))
_ADDRESSES = frozenset(("href", "src"))
_SAFE_ADDRESS = re.compile(r"(?:https?:)?//|mailto:|tel:|[^:]*$|[^:/?#]*[/?#]", re.IGNORECASE)
_IDENTIFIER = re.compile(r"[\w-]{1,60}")
_CLOSING = re.compile(r"/([a-z][a-z0-9]*)[ \t\n\f\r]*>", re.IGNORECASE)
_OPENING = re.compile(r"([a-z][a-z0-9]*)(?=[ \t\n\f\r/>])", re.IGNORECASE)
# What text is no plain text in. Inside them, around them, and before the body, nothing is little news.
_ELSEWHERE = (*RAW, "head", "svg", "math", "template", "select", "object", "noscript")


def is_little_news(before: str, after: str, url: str) -> bool:
    """Whether `after` is `before`, both of the page at `url`, but for a little news.

    Judged in full, the features of both would differ in words and links, and in nothing that says anything:
    what is not certain is said to be more.
    """
    if max(len(before), len(after)) > LARGEST or abs(len(before) - len(after)) > REGION:
        return False
    if max(before.count("<"), after.count("<")) > DOCUMENT:
        return False
    old, new = Copy(before), Copy(after)
    start, end, other = _between(old, new)
    gone, come = old.pieces[start:end], new.pieces[start:other]
    if max(len(gone), len(come)) > PIECES or max(len("".join(gone)), len("".join(come))) > REGION:
        return False
    if any(piece.startswith("!") and "-->" not in piece for piece in come):
        return False
    if any(piece[:12].lstrip("/").lower().startswith(_ELSEWHERE) for piece in (*gone, *come)):
        return False
    if not start or not _is_running_text("<".join(new.pieces[:start])) or _nesting(gone) != _nesting(come):
        return False
    known = frozenset(gone)
    own = urlsplit(url).hostname or ""
    if not all(piece in known or _is_plain(piece, before, own) for piece in come):
        return False
    return _says_little(gone, come, min(NEW, int(SHARE * len(before))), before, own)


def _between(old: Copy, new: Copy) -> tuple[int, int, int]:
    """Where the copies begin to differ, and where each ends to; noise aside."""
    end, other = len(old.pieces), len(new.pieces)
    start, shorter, noisy = 0, min(end, other), 0
    while start < shorter and noisy <= MOST:
        start += _equal(old.pieces, new.pieces, start, start, shorter - start)
        if start == shorter or not same_piece(old, start, new, start):
            break
        start, noisy = start + 1, noisy + 1
    backward = old.pieces[::-1], new.pieces[::-1]
    while min(end, other) > start and noisy <= MOST:
        same = _equal(*backward, len(old.pieces) - end, len(new.pieces) - other, min(end, other) - start)
        end, other = end - same, other - same
        if min(end, other) == start or not same_piece(old, end - 1, new, other - 1):
            break
        end, other, noisy = end - 1, other - 1, noisy + 1
    # what was put between alike elements may seem to begin inside one of them
    for _ in range(SLIDE):
        alone = start in (end, other) and start > 1
        if not alone or _nesting(old.pieces[start:end]) == _nesting(new.pieces[start:other]):
            break
        last = new.pieces[other - 1] if start == end else old.pieces[end - 1]
        if last != new.pieces[start - 1] or last != old.pieces[start - 1]:
            break
        start, end, other = start - 1, end - 1, other - 1
    return start, end, other


def _equal(one: Sequence[str], other: Sequence[str], here: int, there: int, most: int) -> int:
    """How many pieces are equal from two places on: by stretches, and the last of them one by one."""
    same = 0
    while same + STRETCH <= most:
        end = same + STRETCH
        if one[here + same : here + end] != other[there + same : there + end]:
            break
        same = end
    while same < most and one[here + same] == other[there + same]:
        same += 1
    return same


def _is_running_text(head: str) -> bool:
    """Whether what follows `head` stands in the body, as text that is read as such."""
    head = head.lower()
    if "<body" not in head or head.rfind("<!--") > head.rfind("-->") or head.rfind("<![") > head.rfind("]>"):
        return False
    # one of a longer name (a header, say) counts as well: it is read in full
    return not any(head.rfind(f"<{name}") > head.rfind(f"</{name}") for name in _ELSEWHERE)


def _nesting(pieces: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a run of pieces leaves: closing tags of what began before it, and what it opened and left so."""
    closed: list[str] = []
    opened: list[str] = []
    for piece in pieces:
        if opening := _OPENING.match(piece):
            name = opening.group(1).lower()
            if name not in _VOID:
                opened.append(name)
        elif closing := _CLOSING.match(piece):
            name = closing.group(1).lower()
            if opened and opened[-1] == name:
                opened.pop()
            else:
                closed.append("/".join((name, *opened)))
        else:
            closed.append(piece)  # a comment, an instruction, an odd tag: equal, or something else
    return tuple(closed), tuple(opened)


def _is_plain(piece: str, before: str, own: str) -> bool:
    """Whether a piece that the old copy does not have brings plain text in plain markup."""
    if closing := _CLOSING.match(piece):
        return closing.group(1).lower() in _PLAIN
    tag = TAG.fullmatch(piece)
    if tag is None or tag[1].lower() not in _PLAIN:
        return False
    return all(
        _is_harmless(key.lower(), value.strip("\"'"), value, before, own)
        for key, value in ATTRIBUTE.findall(tag[2])
    )


def _is_harmless(key: str, value: str, written: str, before: str, own: str) -> bool:
    if key in _ADDRESSES:
        return _is_known_address(value, before, own)
    if key in _SAID:
        return len(value) <= 300
    if key in _SIZES:
        return value.isdigit() and value not in ("0", "1")
    if key in ("class", "target", "rel", "loading"):
        return f"{key}={written}" in before
    return key == "id" and _IDENTIFIER.fullmatch(value) is not None


def _is_known_address(value: str, before: str, own: str) -> bool:
    """Whether an address stays on the page's own site, or at a host that the page knew."""
    if CODED.search(value) or "\\" in value or not value.isprintable():
        return False
    if _SAFE_ADDRESS.match(value.strip()) is None:
        return False
    return _is_known_host(value, before, own)


def _is_known_host(address: str, before: str, own: str) -> bool:
    if not links.is_offsite(address, own):
        return True
    host = domains.host_of(address[:2000], own)
    return host is not None and f"//{host}/" in before


def _says_little(gone: Sequence[str], come: Sequence[str], most: int, before: str, own: str) -> bool:
    """Whether the texts that are new are few and none speaks of an attack, few are gone, and whatever is
    linked or loaded, as it is parsed, is at hosts that the page knew."""
    had, has = dom.read("<" + "<".join(gone)), dom.read("<" + "<".join(come))
    if has.drawn or has.scripts or has.cut or any(link.hidden for link in has.links):
        return False
    addresses = [link.href for link in has.links] + [
        attributes.get("src") or "" for _, attributes in has.elements
    ]
    if not all(_is_known_host(address, before, own) for address in addresses):
        return False
    old, new = Counter(_texts(had)), Counter(_texts(has))
    lost, fresh = old - new, new - old
    if max(sum(map(len, texts.elements())) for texts in (lost, fresh)) > most:
        return False
    if not fresh:
        return True
    blocks = [*(Block("text", said) for said in fresh), *_around(has.blocks, fresh)]
    folded = [text.words(line) for line in text.fold("\n".join(block.text for block in blocks)).split("\n")]
    if phrases.find(blocks, folded) or sum(map(_is_foreign, "".join(fresh))) > FOREIGN:
        return False
    model = wording.model().words
    against = {word for words in folded for word in words if model.get(word, 0.0) > 0}
    return len(against) < wording.SUSPECT


def _texts(reading: dom.Reading) -> Iterator[str]:
    for block in reading.blocks:
        yield block.text
    for tag, attributes in reading.elements:
        if tag == "img" and (said := noise.squeeze(attributes.get("alt") or "")):
            yield said


def _around(blocks: Sequence[Block], fresh: Counter[str]) -> Iterator[Block]:
    """New texts with what stands before and behind them: a phrase may be put together of both."""
    for at, block in enumerate(blocks):
        if block.text in fresh:
            yield Block("text", " ".join(near.text[:600] for near in blocks[max(0, at - 1) : at + 2]))


def _is_foreign(sign: str) -> bool:
    return sign >= "\u0370" and sign.isalpha() and not "\u1e00" <= sign < "\u1f00"
