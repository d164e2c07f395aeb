"""Whether two copies of a document differ in nothing but noise, found out without parsing either.

Most pages that are never the same twice differ in a token, a nonce, a time or a counter. Where that is all,
their features are the same, and need not be made. What is not certain is said to differ.
"""

import re
from collections.abc import Sequence

from defacewatch.compare import noise

MOST = 60  # pieces that may differ
LENGTH = 20_000  # characters of one of them

RAW = ("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "plaintext")
TAG = re.compile(
    r"([a-z][a-z0-9:-]*+)"
    r"((?:\s++[^\s\"'<>/=]++(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s\"'=<>`]++))?+)*+)"
    r"\s*+/?+>(.*)",
    re.IGNORECASE | re.DOTALL,
)
ATTRIBUTE = re.compile(r"([^\s\"'<>/=]++)(?:\s*+=\s*+(\"[^\"]*+\"|'[^']*+'|[^\s\"'=<>`]++))?+")
_URLS = frozenset(("href", "src", "action", "srcset", "poster", "data"))
_EXACT = frozenset(("style", "srcdoc", "http-equiv", "class", "type", "rel", "hidden"))
_FIGURES = re.compile(r"\d++(?:[.,:/\s-]++\d++)*+")
_UNPACKS = ("atob", "eval", "fromcharcode", "unescape", "decodeuri")  # then a token may be code


def only_noise(before: str, after: str) -> bool:
    """Whether `after` is `before` but for tokens, nonces, cache-busters, times and figures, in places where
    they say nothing: the features made of both would be the same, figures apart, which no signal is about."""
    if before == after:
        return True
    old, new = before.split("<"), after.split("<")
    if len(old) != len(new):
        return False
    differing = [place for place, piece in enumerate(new) if piece != old[place]]
    return len(differing) <= MOST and all(same_piece(old, place, new, place) for place in differing)


def same_piece(old: Sequence[str], place: int, new: Sequence[str], there: int) -> bool:
    """Whether two copies of a document, cut at every `<`, have the same at these places but for noise."""
    one, other = old[place], new[there]
    if one == other:
        return True
    if max(len(one), len(other)) > LENGTH or not place or not there:
        return False
    inside = _raw_text(new, there)
    if inside in ("script", "style"):
        return _same_code(one, other)
    if inside:
        return False
    if one.startswith("!--") and other.startswith("!--"):
        return _same_comment(one, other)
    return _same_tag(one, other)


def _raw_text(pieces: Sequence[str], place: int) -> str:
    """The element whose text is no markup that a piece is in, the piece's own tag included; '' for none."""
    for piece in reversed(pieces[: place + 1]):
        start = piece[:12].lower()
        if start.startswith("/"):
            if start[1:].startswith(RAW):
                return ""
        elif start.startswith(RAW):
            return next(name for name in RAW if start.startswith(name))
    return ""


def _same_code(one: str, other: str) -> bool:
    """Code with its tag. Long strings stay: a payload must not hide as a token."""
    lowered = other.lower()
    if any(word in lowered for word in _UNPACKS):
        return False
    tags = one.partition(">")[0], other.partition(">")[0]
    if tags[0] != tags[1] and not _same_tag(tags[0] + ">", tags[1] + ">"):
        return False
    return noise.normal_script(one.partition(">")[2]) == noise.normal_script(other.partition(">")[2])


def _same_comment(one: str, other: str) -> bool:
    """Comments that end in their own piece, with the same text behind them."""
    ends = one.partition("-->"), other.partition("-->")
    conditional = any("[if" in piece.lower() or "[endif" in piece.lower() for piece in (one, other))
    return all(end[1] for end in ends) and not conditional and ends[0][2] == ends[1][2]


def _same_tag(one: str, other: str) -> bool:
    """A tag with the text behind it."""
    tags = TAG.fullmatch(one), TAG.fullmatch(other)
    if tags[0] is None or tags[1] is None:
        # a closing tag, or text of which nothing else is known
        ends = one.partition(">"), other.partition(">")
        closing = one.startswith("/") and all(end[1] for end in ends) and ends[0][0] == ends[1][0]
        return closing and _same_text(ends[0][2], ends[1][2])
    name = tags[0][1].lower()
    if name != tags[1][1].lower() or not _same_text(tags[0][3], tags[1][3]):
        return False
    sets = [ATTRIBUTE.findall(tag[2]) for tag in tags if tag is not None]
    if [key for key, _ in sets[0]] != [key for key, _ in sets[1]]:
        return False
    called = " ".join(value for key, value in sets[1] if key.lower() in ("name", "id"))
    return all(
        mine == theirs or _same_value(name, key.lower(), called, mine.strip("\"'"), theirs.strip("\"'"))
        for (key, mine), (_, theirs) in zip(*sets, strict=True)
    )


def _same_value(tag: str, key: str, called: str, mine: str, theirs: str) -> bool:
    if key in ("nonce", "integrity"):
        return True
    if (tag, key) in (("input", "value"), ("meta", "content")) and noise.is_token_name(called.strip("\"'")):
        return True
    if key in _URLS:
        return noise.normal_url(mine) == noise.normal_url(theirs)
    if key in _EXACT or key.startswith("on") or (tag, key) == ("meta", "content"):
        return False
    return noise.normal_value(mine) == noise.normal_value(theirs)


def _same_text(one: str, other: str) -> bool:
    return one == other or _FIGURES.sub("0", one) == _FIGURES.sub("0", other)
