"""Wording of attacks and outages: lists in `data/phrases.yaml`, looked up in folded words.

The index goes by first word, so a page costs one dictionary look-up a word, however long the lists grow.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from defacewatch.captures import Phrase
from defacewatch.compare import datafiles, text

FAMILIES = ("deface", "spam", "maintenance", "bot-wall", "error-page")
LIMIT = 60  # phrases kept of one document
NAME_WORDS = 3  # words after 'hacked by' that are kept as the claimed name
BARE_WORDS = 10  # a block this short, with the phrase at its start, says it rather than reports it
BARE_START = 3

_UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")


class Block(NamedTuple):
    """A run of text and the place it stands in (see `defacewatch.captures.Phrase`)."""

    place: str
    text: str


@dataclass(frozen=True)
class _Entry:
    family: str
    words: tuple[str, ...]
    strong: bool
    named: bool  # ends in a star


class _Lists(NamedTuple):
    folded: dict[str, list[_Entry]]
    exact: dict[str, list[_Entry]]
    unspaced: list[tuple[str, _Entry]]
    hosts: tuple[str, ...]
    markup: tuple[str, ...]


@cache
def _lists() -> _Lists:
    data = datafiles.load("phrases.yaml")
    lists = _Lists({}, {}, [], tuple(data["spam-hosts"]), tuple(data["bot-wall-markup"]))
    for family in FAMILIES:
        for strengths in data[family].values():
            for strength, phrases in strengths.items():
                for phrase in phrases:
                    _add(lists, family, strength, phrase)
    for index in (lists.folded, lists.exact):
        for entries in index.values():
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
    index.setdefault(spelled[0], []).append(_Entry(family, spelled, strength != "weak", named))


def find(blocks: Sequence[Block], folded: Sequence[Sequence[str]]) -> tuple[Phrase, ...]:
    """The phrases in `blocks`, whose folded words are given alongside; each phrase and place once."""
    lists = _lists()
    found: dict[tuple[str, str, str], Phrase] = {}
    for block, block_words in zip(blocks, folded, strict=True):
        for phrase in _in_block(lists, block, block_words):
            key = (phrase.family, phrase.place, phrase.phrase)
            if key not in found or (phrase.bare and not found[key].bare):
                found[key] = phrase
        if len(found) >= LIMIT:
            break
    return tuple(found.values())


def _in_block(lists: _Lists, block: Block, folded: Sequence[str]) -> Iterable[Phrase]:
    yield from _matches(lists.folded, block.place, folded)
    if block.text.isascii():
        return
    if not lists.exact.keys().isdisjoint(exact := text.words(text.fold_exact(block.text))):
        yield from _matches(lists.exact, block.place, exact)
    if _UNSPACED.search(block.text):
        joined = text.fold(block.text)
        for phrase, entry in lists.unspaced:
            at = joined.find(phrase)
            if at >= 0:
                bare = at <= 4 * BARE_START and len(joined) <= 4 * BARE_WORDS
                yield Phrase(entry.family, block.place, phrase, entry.strong, bare)


def _matches(index: dict[str, list[_Entry]], place: str, found: Sequence[str]) -> Iterable[Phrase]:
    if index.keys().isdisjoint(found):
        return
    short = len(found) <= BARE_WORDS
    skip = 0
    for at, word in enumerate(found):
        if at < skip or word not in index:
            continue
        for entry in index[word]:
            end = at + len(entry.words)
            if tuple(found[at:end]) == entry.words:
                last = end + NAME_WORDS if entry.named else end
                yield Phrase(
                    entry.family,
                    place,
                    " ".join(found[at:last])[:120],
                    entry.strong,
                    short and at <= BARE_START,
                )
                skip = end
                break


def spam_host(host: str) -> str | None:
    """The gambling or spam word in a host name, or None."""
    return next((word for word in _lists().hosts if word in host), None)


def bot_wall_markup(html: str) -> str | None:
    """The piece of a bot wall that this markup carries, or None."""
    return next((piece for piece in _lists().markup if piece in html), None)
