"""Whether two copies of a document differ in nothing but noise, found out without parsing either.

Most pages that are never the same twice differ in a token, a nonce, a time or a counter. Where that is all,
their features are the same, and need not be made. What is not certain is said to differ: the page is hostile,
and it is cut at every `<` here, while a browser knows comments, quotes and what a script is.
"""

import re
from collections.abc import Sequence

from defacewatch.compare import domains, noise

PIECES = 20_000  # of a document: one with more is read in full
MOST = 60  # pieces that may differ
LENGTH = 20_000  # characters of one of them
GROWS = 40  # characters by which a text may be longer or shorter for its figures: no more is a figure

RAW = ("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "plaintext")
_RAW_STARTS = frozenset(name[0] for name in RAW) | frozenset(name[0].upper() for name in RAW)
# White space is that of HTML, which is less than Unicode's: what else looks like it belongs to a name.
TAG = re.compile(
    r"([a-z][a-z0-9:-]*+)"
    r"((?:[ \t\n\f\r]++[^ \t\n\f\r\"'<>/=]++(?:[ \t\n\f\r]*+=[ \t\n\f\r]*+"
    r"(?:\"[^\"]*+\"|'[^']*+'|[^ \t\n\f\r\"'=<>`]++))?+)*+)"
    r"[ \t\n\f\r]*+/?+>(.*)",
    re.IGNORECASE | re.DOTALL,
)
ATTRIBUTE = re.compile(
    r"([^ \t\n\f\r\"'<>/=]++)(?:[ \t\n\f\r]*+=[ \t\n\f\r]*+(\"[^\"]*+\"|'[^']*+'|[^ \t\n\f\r\"'=<>`]++))?+"
)
_URLS = frozenset(("href", "src", "action", "formaction", "srcset", "poster", "data"))
_EXACT = frozenset(("style", "srcdoc", "http-equiv", "class", "type", "rel", "hidden"))
_FIGURES = re.compile(r"\d++(?:[.,: /-]++\d++)*+")
_UNPACKS = ("atob", "eval", "fromcharcode", "unescape", "decodeuri")  # then a token may be code
CODED = re.compile(r"&(?!amp;)(?:#|[a-z][a-z0-9]*;)", re.IGNORECASE)  # a sign written as an entity
_SCHEME = re.compile(r"[ \t\n\f\r]*([a-z][a-z0-9+.-]*):", re.IGNORECASE)


def only_noise(before: str, after: str) -> bool:
    """Whether `after` is `before` but for tokens, nonces, cache-busters, times and figures, in places where
    they say nothing: the features made of both would be the same, figures apart, which no signal is about."""
    if before == after:
        return True
    if before.count("<") > PIECES or before.count("<") != after.count("<"):
        return False
    old, new = Copy(before), Copy(after)
    differing = [place for place, piece in enumerate(new.pieces) if piece != old.pieces[place]]
    return len(differing) <= MOST and all(same_piece(old, place, new, place) for place in differing)


class Copy:
    """A document cut at every `<`."""

    def __init__(self, html: str) -> None:
        self.pieces = html.split("<")
        self._inside: list[str] | None = None

    def inside(self, place: int) -> str:
        """The element whose text is no markup that a piece is in, its own tag included; '' for none."""
        if self._inside is None:
            self._inside = _raw_texts(self.pieces)
        return self._inside[place]

    def script(self, place: int) -> str:
        """The whole of the script or style that a piece is in."""
        first = last = place
        while first > 0 and self.inside(first - 1) == self.inside(place):
            first -= 1
        while last + 1 < len(self.pieces) and self.inside(last + 1) == self.inside(place):
            last += 1
        return "<".join(self.pieces[first : last + 1])


def same_piece(old: Copy, place: int, new: Copy, there: int) -> bool:
    """Whether two copies of a document have the same at these places but for noise."""
    one, other = old.pieces[place], new.pieces[there]
    if one == other:
        return True
    if max(len(one), len(other)) > LENGTH or not place or not there:
        return False
    inside = new.inside(there)
    if inside in ("script", "style"):
        return old.inside(place) == inside and not _unpacks(new.script(there)) and _same_code(one, other)
    if inside:
        return False
    if one.startswith("!--") and other.startswith("!--"):
        return _same_comment(one, other)
    return _same_tag(one, other)


def _raw_texts(pieces: Sequence[str]) -> list[str]:
    """For each piece the element that it is in whose text is no markup. Only its own end ends one."""
    found: list[str] = []
    inside = ""
    for piece in pieces:
        if inside:
            if piece[:1] == "/" and piece[1:12].lower().startswith(inside):
                inside = ""
        elif piece[:1] in _RAW_STARTS and piece[:12].lower().startswith(RAW):
            start = piece[:12].lower()
            inside = next(name for name in RAW if start.startswith(name))
        found.append(inside)
    return found


def _unpacks(code: str) -> bool:
    """Whether code may make more code of its strings; then none of them is a token."""
    lowered = code.lower()
    return any(word in lowered for word in _UNPACKS) or "Function(" in code


def _same_code(one: str, other: str) -> bool:
    """Code with its tag. Long strings stay: a payload must not hide as a token. Lines stay: what stands
    behind `//` on a line is no code, and on the next one is."""
    if one.count("\n") != other.count("\n"):
        return False
    tags = one.partition(">")[0], other.partition(">")[0]
    if tags[0] != tags[1] and not _same_tag(tags[0] + ">", tags[1] + ">"):
        return False
    return noise.normal_script(one.partition(">")[2]) == noise.normal_script(other.partition(">")[2])


def _same_comment(one: str, other: str) -> bool:
    """Comments that end in their own piece, where browsers end them, with the same text behind them. What
    they say (which server answered, in what time) nobody sees."""
    if any("--!" in piece or "[if" in piece.lower() or "[endif" in piece.lower() for piece in (one, other)):
        return False
    ends = one.partition("-->"), other.partition("-->")
    return all(end[1] for end in ends) and ends[0][2] == ends[1][2]


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
    there = {key.lower(): value.strip("\"'").lower() for key, value in sets[1]}
    secret = _carries_token(name, there)
    return all(
        mine == theirs or _same_value(key.lower(), mine.strip("\"'"), theirs.strip("\"'"), secret)
        for (key, mine), (_, theirs) in zip(*sets, strict=True)
    )


def _carries_token(tag: str, attributes: dict[str, str]) -> str:
    """The attribute of a tag whose value is made anew for every visitor and that nobody sees; '' for none."""
    if not noise.is_token_name(attributes.get("name", "")):
        return ""
    if tag == "meta" and "http-equiv" not in attributes:
        return "content"
    return "value" if tag == "input" and attributes.get("type") == "hidden" else ""


def _same_value(key: str, mine: str, theirs: str, secret: str) -> bool:
    if key in ("nonce", "integrity") or (key == secret and secret):
        return True
    if key in _URLS:
        return same_address(mine, theirs)
    if key in _EXACT or key.startswith("on") or key == "content":
        return False
    return noise.normal_value(mine) == noise.normal_value(theirs)


def same_address(one: str, other: str) -> bool:
    """Whether two addresses are one but for cache-busters and sessions: the same scheme and host."""
    if one == other:
        return True
    schemes = [found.group(1).lower() if (found := _SCHEME.match(url)) else "" for url in (one, other)]
    if schemes[0] != schemes[1] or schemes[0] not in ("", "http", "https"):
        return False
    if CODED.search(one) or CODED.search(other):
        return False
    hosts = [domains.host_of(url[: noise.URL_LIMIT], "") for url in (one, other)]
    return hosts[0] == hosts[1] and noise.normal_url(one) == noise.normal_url(other)


def _same_text(one: str, other: str) -> bool:
    if one == other:
        return True
    # a letter may be written as its number
    if "&#" in one or "&#" in other or abs(len(one) - len(other)) > GROWS:
        return False
    return _plain_figures(one) == _plain_figures(other)


def _plain_figures(text: str) -> str:
    return _FIGURES.sub("0", text)
