"""What makes a page this organisation's: its name in the title, its menu, its own addresses.

News come and go and a redesign moves things, but an organisation's page keeps most of these; a page
put in its place has none of them.
"""

import re
from collections.abc import Collection, Iterable, Mapping

from defacewatch.compare import domains, text
from defacewatch.compare.dom import Reading

LIMIT = 150  # items of one category, in document order
MENU_WORDS = 5  # a longer link text is a headline
FEW = 8  # below this many items, words of the text are taken too

# How much of the whole each category stands for, and how many items make it full.
WEIGHTS: Mapping[str, tuple[float, int]] = {
    "title": (3.0, 2),
    "link": (3.0, 6),
    "path": (2.0, 4),
    "asset": (1.0, 2),
    "heading": (1.0, 2),
    "word": (2.0, 10),
}

_DIGITS = re.compile(r"\d+")


def identity_of(
    reading: Reading, own: str, headings: Iterable[str], body: Iterable[list[str]]
) -> frozenset[str]:
    """The items, each 'category text'. `own` is the page's host, `body` the words of its text blocks."""
    found: dict[str, dict[str, None]] = {category: {} for category in WEIGHTS}
    found["title"] = dict.fromkeys(sorted(title_words(reading.title)))
    for link in reading.links:
        if domains.registrable(domains.host_of(link.href[:2000], own) or "") != domains.registrable(own):
            continue
        path = _directory(link.href, 1)
        if path:
            found["path"].setdefault(path)
        if link.text and link.text.count(" ") < MENU_WORDS:
            found["link"].setdefault(" ".join(text.words(text.fold(link.text))))
    for tag, attributes in reading.elements:
        url = attributes.get("src") or (attributes.get("href") if tag == "link" else None)
        if url and domains.host_of(url[:2000], own) == own and (path := _directory(url, 2)):
            found["asset"].setdefault(path)
    for heading in headings:
        if heading.count(" ") < MENU_WORDS:
            found["heading"].setdefault(" ".join(text.words(text.fold(heading))))
    if sum(map(len, found.values())) < FEW:
        found["word"] = dict.fromkeys(word for block in body for word in block if len(word) > 2)
    return frozenset(
        f"{category} {item[:80]}" for category, items in found.items() for item in list(items)[:LIMIT] if item
    )


def title_words(title: str) -> frozenset[str]:
    """The folded words of a title, without single letters and numbers."""
    return frozenset(word for word in text.words(text.fold(title)) if len(word) > 1)


def _directory(url: str, depth: int) -> str:
    """The first `depth` path segments of an address, without host, numbers and file extension."""
    path = re.split(r"[?#;]", url[:2000].strip(), maxsplit=1)[0]
    path = re.sub(r"^(?:https?:)?//[^/]*", "", path, flags=re.IGNORECASE)
    parts = [part for part in path.split("/") if part and part not in (".", "..")][:depth]
    return _DIGITS.sub("", "/".join(parts).partition(".")[0]).lower()


def lost_share(before: Collection[str], after: Collection[str], volatile: Collection[str]) -> float:
    """The weighted share (0..1) of the identity `before` that is not in `after`; 0 where there was none."""
    kept = frozenset(after)
    total = lost = 0.0
    for category, (weight, full) in WEIGHTS.items():
        items = [i for i in before if i.startswith(category + " ") and i not in volatile]
        if not items:
            continue
        weight *= min(1.0, len(items) / full)
        total += weight
        lost += weight * sum(item not in kept for item in items) / len(items)
    return lost / total if total else 0.0
