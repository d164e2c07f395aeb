"""What makes a page this organisation's: its name, its menu, its own addresses, who it says it is.

News come and go and a redesign moves things, but an organisation's page keeps most of these; a page
put in its place has none of them.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from defacewatch.compare import domains, text
from defacewatch.compare.dom import Attributes, Link, Reading

LIMIT = 150  # items of one category, in document order
MENU_WORDS = 5  # a longer link text is a headline
FEW = 8  # below this many items, words of the text are taken too
HOME_LINKS = 3  # links to a host that make it one of the organisation's
COPYRIGHT = 200  # characters of a line that may be the one that says whose page it is

# How much of the whole each category stands for, and how many items make it full.
WEIGHTS: Mapping[str, tuple[float, int]] = {
    "title": (3.0, 2),
    "name": (1.5, 3),
    "link": (3.0, 6),
    "path": (2.0, 4),
    "asset": (1.0, 2),
    "heading": (1.0, 2),
    "home": (1.0, 1),
    "contact": (0.5, 1),
    "word": (2.0, 10),
}
# Where a page says prominently whose it is.
_PROMINENT = ("title", "name", "heading", "link")
_SAID = ("title", "heading")
_MENU = ("link ", "path ")

KEPT_NAME = 2  # words of the name that a redesign still says where they are seen
KEPT_LINKS = 10  # … and links into the same site: a page put in its place leads nowhere in it
KEPT_MENU = 0.25  # share of the menu and its folders that tells as much,
KEPT_ITEMS = 3  # … when it is at least so many
LETTERS = 3  # of a link: with fewer there is nothing to read or to hit
_DIGITS = re.compile(r"\d+")
_QUERY = re.compile(r"[?#;]")
_NOT_DIGIT = re.compile(r"\D+")
_ADDRESS = re.compile(r"^mailto:[^@?\s]{1,100}@([\w.-]{1,200})", re.IGNORECASE)
_OWNER = re.compile(r"©|\(c\)|copyright|bản quyền|cơ quan chủ quản|all rights reserved", re.IGNORECASE)
_LOGO = re.compile(r"logo|emblem|crest|quoc[-_]?huy", re.IGNORECASE)
_SITE_NAMES = frozenset(("og:site_name", "application-name", "apple-mobile-web-app-title"))
# What pages of any owner call themselves and their folders: nobody's identity.
_ANYBODYS = frozenset(
    ("home", "index", "welcome", "page", "the", "of", "and", "for", "to", "in", "on", "at", "by", "is",
     "default", "main", "trang", "chu", "official", "website", "site", "web", "www", "com", "untitled",
     "document", "new", "error", "forbidden", "access", "denied", "images", "image", "img", "imgs", "pics",
     "css", "js", "style", "styles", "static", "assets", "asset", "scripts", "script", "media", "files",
     "copyright", "all", "rights", "reserved", "ban", "quyen")
)  # fmt: skip


class Kept(NamedTuple):
    """What is left of an identity: the share (0..1) that is gone; whether the page still says whose it is."""

    lost: float
    named: bool


def identity_of(
    reading: Reading, own: str, headings: Iterable[str], body: Iterable[Sequence[str]]
) -> frozenset[str]:
    """The items, each 'category text'. `own` is the page's host, `body` the words of its text blocks."""
    found: dict[str, dict[str, None]] = {category: {} for category in WEIGHTS}
    found["title"] = dict.fromkeys(sorted(title_words(reading.title) - _ANYBODYS))
    found["name"] = dict.fromkeys(sorted(_names(reading) - _ANYBODYS))
    _of_links(reading, own, found)
    for tag, attributes in reading.elements:
        url = attributes.get("src") or (attributes.get("href") if tag == "link" else None)
        if url and domains.host_of(url[:2000], own) == own:
            found["asset"].setdefault(_directory(url, 2))
    for heading in headings:
        if heading.count(" ") < MENU_WORDS:
            found["heading"].setdefault(_folded(heading))
    for items in found.values():
        for item in [item for item in items if not item or item in _ANYBODYS]:
            del items[item]
    if sum(map(len, found.values())) < FEW:
        found["word"] = dict.fromkeys(word for block in body for word in block if len(word) > 2)
    return frozenset(
        f"{category} {item[:80]}" for category, items in found.items() for item in list(items)[:LIMIT]
    )


def _of_links(reading: Reading, own: str, found: Mapping[str, dict[str, None]]) -> None:
    """What links say: the menu, the folders, the sister sites, whom to write to."""
    mine = domains.registrable(own)
    others: dict[str, int] = {}
    for link in reading.links:
        href = link.href[:2000].strip()
        host = domains.host_of(href, own)
        if host is None:
            if contact := _contact(href):
                found["contact"].setdefault(contact)
            continue
        owner = domains.registrable(host)
        if owner != mine:
            others[owner] = others.get(owner, 0) + 1
            if others[owner] == HOME_LINKS and not domains.is_wellknown(host):
                found["home"].setdefault(owner)
            continue
        if not _is_seen(link):
            continue
        found["path"].setdefault(_directory(href, 1))
        if link.text.count(" ") < MENU_WORDS:
            found["link"].setdefault(_folded(link.text))


def own_links(reading: Reading, own: str) -> int:
    """How many different places of its own site a page links to, each by another text: its paths, without
    queries and places in the page. Links that hide, or that nobody can read, are none."""
    mine = domains.registrable(own)
    paths: set[str] = set()
    texts: set[str] = set()
    for link in filter(_is_seen, reading.links):
        path = _QUERY.split(link.href[:300].strip(), maxsplit=1)[0]
        if path and domains.registrable(domains.host_of(path, own) or "") == mine:
            paths.add(path)
            texts.add(_folded(link.text))
    return min(len(paths), len(texts))


def _is_seen(link: Link) -> bool:
    """Whether a link can be read: its markup does not hide it, and it says something."""
    return not link.hidden and next(islice(filter(str.isalpha, link.text[:50]), LETTERS - 1, None), "") != ""


def _names(reading: Reading) -> set[str]:
    """Words by which the page says whose it is: site name, what stands for the logo, the copyright line."""
    said = [
        block.text for block in reading.blocks if len(block.text) < COPYRIGHT and _OWNER.search(block.text)
    ]
    said += [name for tag, attributes in reading.elements for name in _named(tag, attributes)]
    return {word for line in said[:20] for word in text.words(text.fold(line[:COPYRIGHT])) if len(word) > 1}


def _named(tag: str, attributes: Attributes) -> Iterator[str]:
    if tag == "meta" and (attributes.get("property") or attributes.get("name") or "").lower() in _SITE_NAMES:
        yield attributes.get("content") or ""
    elif tag == "img" and (alt := attributes.get("alt")):
        shown = f"{alt[:100]} {(attributes.get('src') or '')[:300]} {(attributes.get('class') or '')[:100]}"
        if _LOGO.search(shown):
            yield alt


def _contact(href: str) -> str:
    """Whom a link writes to or calls: a mail domain's owner, or a telephone number's digits."""
    if found := _ADDRESS.match(href):
        host = found.group(1).lower().rstrip(".")
        return "" if domains.is_wellknown(host) else domains.registrable(host)
    return _NOT_DIGIT.sub("", href[4:40]) if href[:4].lower() == "tel:" else ""


def title_words(title: str) -> frozenset[str]:
    """The folded words of a title, without single letters and numbers."""
    return frozenset(word for word in text.words(text.fold(title)) if len(word) > 1)


@text.remembered
def _folded(words: str) -> str:
    return " ".join(text.words(text.fold(words)))


def _directory(url: str, depth: int) -> str:
    """The first `depth` path segments of an address, without host, numbers and file extension."""
    path = _QUERY.split(url[:2000].strip(), maxsplit=1)[0]
    path = re.sub(r"^(?:https?:)?//[^/]*", "", path, flags=re.IGNORECASE)
    parts = [part for part in path.split("/") if part and part not in (".", "..")][:depth]
    return _DIGITS.sub("", "/".join(parts).partition(".")[0]).lower()


def kept(before: Collection[str], after: Collection[str], volatile: Collection[str], links: int) -> Kept:
    """What is left of the identity `before` in a page that has the identity `after` and so many `links` into
    its own site. A name alone keeps nothing: a claim ('hacked www.example.org') says it as well. It takes
    the name in title or headings beside such links, or anywhere prominent beside some of the known menu."""
    named = (links >= KEPT_LINKS and _says_name(before, after, _SAID)) or (
        _keeps_menu(before, after) and _says_name(before, after, _PROMINENT)
    )
    return Kept(lost_share(before, after, volatile), named)


def _says_name(before: Collection[str], after: Collection[str], where: Collection[str]) -> bool:
    name = _words_of(before, ("title", "name"))
    return bool(name) and len(name & _words_of(after, where)) >= min(KEPT_NAME, len(name))


def _keeps_menu(before: Collection[str], after: Collection[str]) -> bool:
    menu = {item for item in before if item.startswith(_MENU)}
    still = len(menu.intersection(after))
    return still >= max(KEPT_ITEMS, KEPT_MENU * len(menu))


def _words_of(items: Collection[str], categories: Collection[str]) -> set[str]:
    parts = (item.partition(" ") for item in items)
    return {
        word for category, _, said in parts if category in categories for word in said.split()
    } - _ANYBODYS


def lost_share(before: Collection[str], after: Collection[str], volatile: Collection[str]) -> float:
    """The weighted share (0..1) of the identity `before` that is not in `after`; 0 where there was none."""
    still = frozenset(after)
    wordless = not any(item.startswith("word ") for item in still) and len(still) >= FEW
    total = lost = 0.0
    for category, (weight, full) in WEIGHTS.items():
        items = [i for i in before if i.startswith(category + " ") and i not in volatile]
        if not items or (category == "word" and wordless and total):
            continue  # a page that has more to be known by was not read for its words
        weight *= min(1.0, len(items) / full)
        total += weight
        lost += weight * sum(item not in still for item in items) / len(items)
    return lost / total if total else 0.0
