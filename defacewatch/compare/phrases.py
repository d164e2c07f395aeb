"""Wording of attacks and outages: lists in `data/phrases.yaml`, looked up in folded words.

The index goes by the first two words, so a page costs two dictionary look-ups a word, however long the
lists grow or a page repeats the words that many phrases begin with.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from defacewatch.compare import datafiles, text
from defacewatch.features import Phrase

FAMILIES = ("deface", "spam", "maintenance", "bot-wall", "error-page", "vacant", "reporting")
TEXT_LIMIT = 1_000_000  # characters of one document that are looked at: more than half of them at its start
LAST = 400_000  # … and so many at its end
LIMIT = 60  # phrases of one family kept of one document
NAMED = 40  # signs of a name inside a phrase of a language without spaces
NAME_WORDS = 3  # words after 'hacked by' that are kept as the claimed name
BARE_WORDS = 10  # a block this short, with the phrase at its start, says it rather than reports it
BARE_START = 3
SIGNS = 4  # signs of a script without spaces that stand for a word
SAID_WORDS = 40  # … and so does a claim at the start of a short paragraph
SAID_START = 8
TOLD = 2  # different words of a report that make wording near them a report
REPORTED = 8  # words that follow a claim which opens a headline before a report may be one
QUOTED = 3  # … and a short paragraph of its own a quotation
DENSE = 0.12  # share of a block's words that spam wording is from which it advertises

_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_NAME = re.compile(r"[a-z0-9]+")
_PARAGRAPHS = frozenset(("text", "hidden", "dialog"))
_HEADLINES = frozenset(("title", "heading", "dialog"))
_COVERT = frozenset(("hidden", "link"))  # where nothing is reported
_TELLABLE = frozenset(("deface", "spam"))


class Block(NamedTuple):
    """A run of text and the place it stands in (see `defacewatch.features.Phrase`)."""

    place: str
    text: str


@dataclass(frozen=True)
class _Entry:
    family: str
    words: tuple[str, ...]
    strong: bool
    named: bool  # ends in a star


_Index = dict[str, dict[str, list[_Entry]]]  # by first and second word, '' where there is none


class _Lists(NamedTuple):
    folded: _Index
    exact: _Index
    unspaced: list[tuple[str, _Entry]]
    hosts: tuple[str, ...]
    markup: tuple[str, ...]
    brands: frozenset[str]


@cache
def _lists() -> _Lists:
    data = datafiles.load("phrases.yaml")
    markup, brands = tuple(data["bot-wall-markup"]), frozenset(map(str, data["brands"]))
    lists = _Lists({}, {}, [], tuple(data["spam-hosts"]), markup, brands)
    for family in FAMILIES:
        for strengths in data[family].values():
            for strength, phrases in strengths.items():
                for phrase in phrases:
                    _add(lists, family, strength, phrase)
    for index in (lists.folded, lists.exact):
        for seconds in index.values():
            for entries in seconds.values():
                entries.sort(key=lambda entry: -len(entry.words))
    return lists


def _add(lists: _Lists, family: str, strength: str, phrase: str) -> None:
    plain = phrase.removesuffix("*").strip()
    named = plain != phrase
    if _UNSPACED.search(plain):
        folded = text.fold(plain)
        lists.unspaced.append((folded, _Entry(family, (folded,), strength != "weak", named)))
        return
    spelled = tuple(text.words(text.fold_exact(plain) if strength == "exact" else text.fold(plain)))
    index = lists.exact if strength == "exact" else lists.folded
    second = spelled[1] if len(spelled) > 1 else ""
    entry = _Entry(family, spelled, strength != "weak", named)
    index.setdefault(spelled[0], {}).setdefault(second, []).append(entry)


class _Hit(NamedTuple):
    """A phrase found in a block: at which word, how many words long, in a block of how many words."""

    family: str
    phrase: str
    strong: bool
    at: int
    size: int
    length: int


def find(blocks: Sequence[Block], folded: Sequence[Sequence[str]]) -> tuple[Phrase, ...]:
    """The phrases in `blocks`, whose folded words are given alongside; each phrase and place once.

    Wording of attacks that a block or its neighbours report, as news about arrests do, is weak.
    """
    hits = _hits(blocks, folded)
    told = [
        frozenset(hit.phrase for hit in some if hit.family == "reporting" and block.place != "hidden")
        for block, some in zip(blocks, hits, strict=True)
    ]
    found: dict[tuple[str, str, str], Phrase] = {}
    kept: Counter[str] = Counter()
    for number, (block, some) in enumerate(zip(blocks, hits, strict=True)):
        around = frozenset().union(*told[max(0, number - 1) : number + 2]) if some else frozenset()
        dense = _advertises(some)
        for hit in some:
            phrase = _phrase(hit, block.place, told[number], around, dense)
            key = (phrase.family, phrase.place, phrase.phrase)
            if hit.family == "reporting":
                continue
            if key not in found and kept[phrase.family] < LIMIT:
                kept[phrase.family] += 1
                found[key] = phrase
            elif key in found and (phrase.strong, phrase.bare) > (found[key].strong, found[key].bare):
                found[key] = phrase
    return tuple(found.values())


def _hits(blocks: Sequence[Block], folded: Sequence[Sequence[str]]) -> list[list[_Hit]]:
    """What is found in each block: nothing in those beyond the limits, and equal ones are looked at once."""
    size = sum(len(block.text) for block in blocks)
    looked: dict[str, list[_Hit]] = {}
    hits: list[list[_Hit]] = []
    end = 0
    for block, words in zip(blocks, folded, strict=True):
        end += len(block.text)
        if size > TEXT_LIMIT and TEXT_LIMIT - LAST < end <= size - LAST:
            hits.append([])
            continue
        if block.text not in looked:
            looked[block.text] = list(_in_text(block.text, tuple(words)))
        hits.append(looked[block.text])
    return hits


def _phrase(hit: _Hit, place: str, told: frozenset[str], around: frozenset[str], dense: bool) -> Phrase:
    bare = hit.length <= BARE_WORDS and hit.at <= BARE_START
    strong = hit.strong
    if hit.family == "deface" and strong and place in _PARAGRAPHS and not around:
        bare = bare or (hit.length <= SAID_WORDS and hit.at <= SAID_START)
    if hit.family == "spam" and dense:
        bare = True
    claims = hit.family == "deface" and bare
    # who only adds words of a report to a claim has reported nothing
    alone = claims and hit.at == 0 and place in _HEADLINES and hit.length - hit.size < REPORTED
    if hit.family in _TELLABLE and not alone and _is_told(claims, place, told, around):
        strong = bare = False
    return Phrase(hit.family, place, hit.phrase, strong, bare)


def _is_told(claims: bool, place: str, told: frozenset[str], around: frozenset[str]) -> bool:
    """Whether wording is reported rather than said. A claim of its own is less easily so, or an attacker
    would choose what it stands beside."""
    if not claims:
        return place not in _COVERT and (len(told) > 0 or len(around) >= TOLD)
    return len(told) >= TOLD or (place in _PARAGRAPHS and len(around) >= QUOTED)


def _advertises(hits: Sequence[_Hit]) -> bool:
    """Whether spam wording is a good part of a block, and not one phrase alone."""
    spam = {hit.phrase: hit.size for hit in hits if hit.family == "spam"}
    return len(spam) > 1 and sum(spam.values()) >= DENSE * hits[0].length


@text.remembered
def _in_text(whole: str, folded: tuple[str, ...]) -> tuple[_Hit, ...]:
    """What is found in a text, whose folded words are given alongside."""
    return tuple(_found_in(_lists(), whole, folded))


def _found_in(lists: _Lists, whole: str, folded: Sequence[str]) -> Iterator[_Hit]:
    yield from _matches(lists.folded, folded)
    names = _NAME.findall(whole.lower())
    for name in sorted(lists.brands.intersection(names)):
        yield _Hit("spam", name, True, names.index(name), 1, len(folded))
    if whole.isascii():
        return
    if not lists.exact.keys().isdisjoint(exact := text.words(text.fold_exact(whole))):
        yield from _matches(lists.exact, exact)
    if _UNSPACED.search(whole):
        joined = text.fold(whole)
        for phrase, entry in lists.unspaced:
            at = _found(phrase, joined)
            if at >= 0:
                size = max(1, len(phrase) // SIGNS)
                yield _Hit(entry.family, phrase, entry.strong, at // SIGNS, size, len(joined) // SIGNS)


def _found(phrase: str, joined: str) -> int:
    """Where `phrase` stands in a text without spaces; a star in it takes a name, -1 is nowhere."""
    first, star, rest = phrase.partition("*")
    at = joined.find(first)
    if at < 0 or not star:
        return at
    return at if rest in joined[at + len(first) : at + len(first) + NAMED] else -1


def _matches(index: _Index, found: Sequence[str]) -> Iterator[_Hit]:
    if index.keys().isdisjoint(found):
        return
    skip = 0
    for at, word in enumerate(found):
        if at < skip or word not in index:
            continue
        seconds = index[word]
        following = found[at + 1] if at + 1 < len(found) else ""
        for entry in (*(seconds.get(following, ()) if following else ()), *seconds.get("", ())):
            end = at + len(entry.words)
            if tuple(found[at:end]) == entry.words:
                last = end + NAME_WORDS if entry.named else end
                phrase = " ".join(found[at:last])[:120]
                yield _Hit(entry.family, phrase, entry.strong, at, end - at, len(found))
                skip = end
                break


def spam_host(host: str) -> str | None:
    """The gambling or spam word in a host name, or None."""
    return next((word for word in _lists().hosts if word in host), None)


def bot_wall_markup(html: str) -> str | None:
    """The piece of a bot wall that this markup carries, or None."""
    return next((piece for piece in _lists().markup if piece in html), None)
