"""Whether two copies of a document differ in nothing but noise, found out without parsing either.

Most pages that are never the same twice differ in a token, a nonce, a time or a counter. Where that is all,
their features are the same, and need not be made. What is not certain is said to differ: the page is hostile,
and it is cut at every `<` here, while a browser knows comments, quotes and what a script is.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from itertools import accumulate

from defacewatch.compare import domains, noise

PIECES = 20_000  # of a document: one with more is read in full
MOST = 60  # pieces that may differ
LENGTH = 20_000  # characters of one of them
GROWS = 40  # characters by which a text may be longer or shorter for its figures: no more is a figure

RAW = ("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "plaintext")
_STARTS = re.compile(f"<({'|'.join(RAW)})", re.IGNORECASE | re.ASCII)
_ENDS = {name: re.compile(f"</{name}", re.IGNORECASE | re.ASCII) for name in RAW}
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


Span = tuple[int, int]  # where a piece begins and ends, in characters


def only_noise(before: str, after: str) -> bool:
    """Whether `after` is `before` but for tokens, nonces, cache-busters, times and figures, in places where
    they say nothing: the features made of both would be the same, figures apart, which no signal is about."""
    if before == after:
        return True
    if after.count("<") > PIECES:
        return False
    old, new = Copy(before), Copy(after)
    return all(
        number < MOST and spans is not None and _same_span(old, spans[0], new, spans[1])
        for number, spans in enumerate(_differing(before, after))
    )


class Copy:
    """A document cut at every `<`."""

    def __init__(self, html: str) -> None:
        self.html = html

    @cached_property
    def pieces(self) -> list[str]:
        return self.html.split("<")

    def span(self, place: int) -> Span:
        """Where a piece is."""
        start = self._starts[place]
        return start, start + len(self.pieces[place])

    def inside(self, start: int) -> str:
        """The element whose text is no markup that the piece is in that begins at `start`, its own tag
        included; '' for none."""
        begins, names = self._raw
        return names[bisect_right(begins, start) - 1]

    def script(self, start: int) -> str:
        """The whole of the script or style that the piece is in that begins at `start`."""
        begins, _ = self._raw
        number = bisect_right(begins, start)
        return self.html[begins[number - 1] : begins[number] - 1 if number < len(begins) else None]

    @cached_property
    def _starts(self) -> list[int]:
        return list(accumulate((len(piece) + 1 for piece in self.pieces), initial=0))

    @cached_property
    def _raw(self) -> tuple[list[int], list[str]]:
        """Where the pieces begin with which the document enters an element whose text is no markup, or leaves
        it; and which one it is in from there on ('': in none). Only its own end ends one."""
        begins, names = [0], [""]
        at = 0
        while (start := _STARTS.search(self.html, at)) is not None:
            begins.append(start.start() + 1)
            names.append(start[1].lower())
            end = _ENDS[names[-1]].search(self.html, start.end())
            if end is None:
                break
            begins.append(end.start() + 1)
            names.append("")
            at = end.end()
        return begins, names


def _differing(before: str, after: str) -> Iterator[tuple[Span, Span] | None]:
    """The pieces in which the copies differ, in turn; None, and no more, where one has pieces that the other
    does not."""
    here = there = 0
    while here < len(before) or there < len(after):
        same = _alike(before, here, after, there)
        if here + same == len(before) and there + same == len(after):
            return
        begun = max(0, after.rfind("<", there, there + same) + 1 - there)  # of the piece that differs
        one = here + begun, before.find("<", here + same)
        other = there + begun, after.find("<", there + same)
        if (one[1] < 0) != (other[1] < 0):
            yield None
            return
        if one[1] < 0:
            yield (one[0], len(before)), (other[0], len(after))
            return
        yield one, other
        here, there = one[1] + 1, other[1] + 1


def _alike(one: str, here: int, other: str, there: int) -> int:
    """How many characters are the same from two places on: by ever longer stretches, then by halves."""
    most = min(len(one) - here, len(other) - there)
    same, step = 0, 512
    while same < most:
        end = min(same + step, most)
        if one[here + same : here + end] != other[there + same : there + end]:
            break
        same, step = end, 2 * step
    while step > 1:
        step //= 2
        end = min(same + step, most)
        if one[here + same : here + end] == other[there + same : there + end]:
            same = end
    return same


def same_piece(old: Copy, place: int, new: Copy, there: int) -> bool:
    """Whether two copies of a document have the same at these places but for noise."""
    return old.pieces[place] == new.pieces[there] or _same_span(old, old.span(place), new, new.span(there))


def _same_span(old: Copy, here: Span, new: Copy, there: Span) -> bool:
    """Whether two pieces that differ do so in noise alone."""
    one, other = old.html[slice(*here)], new.html[slice(*there)]
    if max(len(one), len(other)) > LENGTH or not here[0] or not there[0]:
        return False
    inside = new.inside(there[0])
    if inside in ("script", "style"):
        alike = old.inside(here[0]) == inside
        return alike and not _unpacks(new.script(there[0])) and _same_code(one, other)
    if inside:
        return False
    if one.startswith("!--") and other.startswith("!--"):
        return _same_comment(one, other)
    return _same_tag(one, other)


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
