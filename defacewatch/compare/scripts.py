"""What a script does, read from its text: hides its code, sends visitors away, loads code, rewrites the page.

A reading of the text and not of the program: it is there to tell new code that does such things from new
code that does not. Every pattern is bounded and looks at a character a fixed number of times.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple
from urllib.parse import unquote

from defacewatch.compare import noise

TEXT_LIMIT = noise.SCRIPT_LIMIT  # characters of one script that are read
HOSTS = 20  # that one script names
PLACES = 60  # in one script that are looked at closely
NEAR = 400  # characters around such a place
AHEAD = 120  # characters in which the address of a jump follows it
SHORT = 1500  # characters of a script that is about one thing

OBFUSCATED = "obfuscated"
REWRITES = "rewrites"
REDIRECTS = "redirects"

_JOINT = re.compile(r"([\"'`])[ \t\r\n]{0,4}\+[ \t\r\n]{0,4}\1")
_ESCAPED = re.compile(r"\\(?:x([0-7][0-9a-f])|u00([0-7][0-9a-f]))", re.IGNORECASE)
# Letters and digits written as escapes: nothing but hiding needs that.
_MASKED = re.compile(r"(?:\\x|\\u00|%(?:25)?)(?:3[0-9]|[46][1-9a-f]|[57][0-9a])", re.IGNORECASE)
_MADE_UP = re.compile(r"\b_0x[0-9a-f]{2,8}\b")
_CODES = re.compile(r"\b\d{2,3}\b[ \t\r\n]?(?=[,|])")
_ARRAY = re.compile(r"\[((?:\d{1,3},){29,4000}\d{1,3})\]")  # of character codes, white space gone
_ARRAY_HINT = re.compile(r"\[\s{0,20}\d{1,3}\s{0,20},\s{0,20}\d{1,3}\s{0,20},")
# Possessive, and what follows a back-slash never opens a string: an open one is tried once a line.
_QUOTED = re.compile(r"\"((?:[^\"\\\n]++|\\.)*+)\"|'((?:[^'\\\n]++|\\.)*+)'|\\.", re.DOTALL)
_NOISE = re.compile(r"[\[\]()!+]{60}")  # six signs that can spell any program
_BLOB = re.compile(r"[\"'`]([A-Za-z0-9+/]{24,20000}={0,2})[\"'`]")
_RUNS = re.compile(
    r"\beval\)?\s{0,4}\(|\bfunction\s{0,4}\(\s{0,4}[\"'`]|\bnew function\s{0,4}\((?!\s{0,4}\))"
    r"|set(?:timeout|interval)\s{0,4}\(\s{0,4}(?:[\"'`]|atob|unescape|string\.)"
    r"|document(?:\.|\[[\"'`])write|\.(?:inner|outer)html\s{0,4}\+?=(?!=)|insertadjacenthtml|\.src\s{0,4}=(?!=)"
    r"|\[[\"'`]constructor[\"'`]\]"
)
_TELLING = re.compile(
    r"<script|<iframe|document\.|location|createelement|https?://|\beval\b|window\[|fromcharcode|innerhtml",
    re.IGNORECASE,
)
_SIGNS = ("eval(function(p,a,c,k,e", "゚ω゚", "$=~[];$=", "[]+[])[+!+[]", "(![]+[])[", "[+[]]+[")
_DIRECT = (
    "eval(unescape(", "eval(atob(", "eval(decodeuri", "eval(string.fromcharcode(", "eval(window.atob(",
    "document.write(unescape(", "document.write(atob(", "document.write(string.fromcharcode(",
    "document.write(decodeuri", "newfunction(atob(", "function(atob(", "eval(base64",
    "innerhtml=atob(", "innerhtml=unescape(", "innerhtml=decodeuri",
)  # fmt: skip

# All that follow are looked up in lower case, and each begins with fixed letters, which makes them fast.
_ADDRESS = re.compile(
    r"//([a-z0-9][a-z0-9.-]{0,200}\.[a-z][a-z0-9-]{1,30}|\d{1,3}(?:\.\d{1,3}){3})(?=[\\/:?#\"'`)\s>]|$)"
)
_AWAY = tuple(
    re.compile(pattern)
    for pattern in (
        r"location(?:\.href|\[[\"'`]href[\"'`]\])?\s{0,4}=(?![=>])",
        r"location(?:\.(?:replace|assign)|\[[\"'`](?:replace|assign)[\"'`]\])\s{0,4}\(",
        r"location[\"'`]\](?:\.href|\[[\"'`]href[\"'`]\])?\s{0,4}=(?![=>])",
        r"http-equiv\s{0,4}=\s{0,4}\\?[\"']?refresh",
    )
)
_PICKY = re.compile(r"document\.referrer|navigator\.(?:useragent|platform|language)|screen\.width")
_REACHES = tuple(
    re.compile(pattern)
    for pattern in (
        r"createelement(?:ns)?\s{0,4}\(\s{0,4}[\"'`](?:script|iframe|embed|object)",
        r"<script",
        r"<iframe",
        r"importscripts\s{0,4}\(",
        r"getscript\s{0,4}\(",
        r"import\s{0,4}[(\"'`]",
        r"from\s{0,4}[\"'`]",
        r"fetch\s{0,4}\(",
        r"\.open\s{0,4}\(",
        r"sendbeacon\s{0,4}\(",
        r"websocket\s{0,4}\(",
        r"eventsource\s{0,4}\(",
        r"worker\s{0,4}\(",
        r"\.src\s{0,4}=(?!=)",
        r"\.action\s{0,4}=(?!=)",
        r"setattribute\s{0,4}\(\s{0,4}[\"'`](?:src|action)",
    )
)
_OVERWRITES = tuple(
    re.compile(pattern)
    for pattern in (
        r"document(?:\.body|\.documentelement|\.getelementsbytagname\([\"'`](?:body|html)[\"'`]\)\[0\]"
        r"|\.queryselector\([\"'`](?:body|html)[\"'`]\))(?:\.(?:inner|outer)(?:html|text)|\.textcontent)\s{0,4}=(?![=>])",
        r"document\.write(?:ln)?\s{0,4}\(\s{0,4}[\"'`]\s{0,20}<(?:!doctype|html|head|body|title|center|h1)",
        r"document\.(?:body|documentelement)\.replacechildren\(",
        r"document\.(?:body\s{0,4}=(?![=>])|title\s{0,4}=\s{0,4}[\"'`])",
        r"\$\(\s{0,4}[\"'`](?:body|html)[\"'`]\s{0,4}\)\.(?:html|text|empty)\(",
    )
)


class Jump(NamedTuple):
    """A place that sends the visitor to another host; `plain` when nothing else is in the script, `picky`
    when it depends on where visitors come from or what they look with."""

    host: str
    plain: bool
    picky: bool


class Reading(NamedTuple):
    """What is suspicious in a script: `doings` are `OBFUSCATED`, `REWRITES` and `REDIRECTS` (some visitors,
    to an address that it puts together); `reaches` the hosts that it loads something from or sends something
    to; `jumps` where it sends visitors by an address that it names."""

    doings: frozenset[str]
    reaches: frozenset[str]
    jumps: tuple[Jump, ...]


def read(text: str) -> Reading:
    """What the script `text` does, as far as `TEXT_LIMIT`."""
    text = text[:TEXT_LIMIT]
    plain = revealed(text)
    places = tuple(_places(_AWAY, plain))
    found: set[str] = set()
    if obfuscated(text):
        found.add(OBFUSCATED)
    if any(pattern.search(plain) for pattern in _OVERWRITES):
        found.add(REWRITES)
    if any(_is_devious(plain, place) for place in places):
        found.add(REDIRECTS)
    jumps = tuple(dict.fromkeys(islice(_jumps(plain, places), PLACES)))
    return Reading(frozenset(found), _reached(plain), jumps)


def revealed(text: str) -> str:
    """`text` in lower case, joined strings joined, escapes resolved, encoded strings said at the end."""
    plain = text[:TEXT_LIMIT]
    if "\\x" in plain or "\\u00" in plain:
        plain = _ESCAPED.sub(lambda found: chr(int(found[1] or found[2], 16)), plain)
    if "+" in plain:
        plain = _JOINT.sub("", plain)
    if "\\/" in plain:
        plain = plain.replace("\\/", "/")
    return "\n".join((plain, *_decoded(text[:TEXT_LIMIT]))).lower()


def _decoded(text: str) -> Iterator[str]:
    """What encoded strings of a script say, where that is code or an address: base64, percent escapes,
    character codes, strings read backwards."""
    if "+" in text:
        text = _JOINT.sub("", text)
    lowered = text.lower()
    said = [*_codes(text), *(_backwards(text) if ".reverse()" in lowered else ())]
    if "atob" in lowered or "base64" in lowered:
        said += _base64(text)
    yield from (one for one in said if _TELLING.search(one))
    if "unescape" in lowered or "decodeuri" in lowered:
        plain = unquote(text)
        if plain != text and len(_MASKED.findall(text)) >= 15:
            yield plain


def _codes(text: str) -> Iterator[str]:
    if _ARRAY_HINT.search(text):
        for found in islice(_ARRAY.finditer("".join(text.split())), PLACES):
            yield "".join(map(chr, map(int, found[1].split(","))))


def _backwards(text: str) -> Iterator[str]:
    strings = (found[1] or found[2] or "" for found in _QUOTED.finditer(text))
    for string in islice((one for one in strings if 40 <= len(one) <= 5000), PLACES):
        if not _TELLING.search(string):
            yield string[::-1]


def _base64(text: str) -> Iterator[str]:
    for found in islice(_BLOB.finditer(text), PLACES):
        try:
            yield base64.b64decode(found[1] + "=" * (-len(found[1]) % 4)).decode("latin-1")
        except (binascii.Error, ValueError):
            continue


def obfuscated(text: str) -> bool:
    """Whether a script hides its code: packed, spelled in escapes or numbers, encoded and run, or written in
    names and signs that nobody types."""
    text = text[:TEXT_LIMIT]
    dense = "".join(text.split()).lower()
    if any(sign in dense for sign in _SIGNS) or any(sign in dense for sign in _DIRECT):
        return True
    if _NOISE.search(dense):
        return True
    made_up = len(_MADE_UP.findall(text)) if "_0x" in dense else 0
    masked = len(_MASKED.findall(text)) if "\\" in text or "%" in text else 0
    if (made_up >= 3 and made_up * 80 > len(dense)) or (masked >= 10 and masked * 4 > 0.12 * len(dense)):
        return True
    coded = _is_coded(dense) or any(True for _ in _decoded(text))
    return coded and ("fromcharcode" in dense or _RUNS.search(_JOINT.sub("", text).lower()) is not None)


def _is_coded(dense: str) -> bool:
    """Whether a good part of a script is character codes that it puts together."""
    if "fromcharcode" not in dense:
        return False
    codes = len(_CODES.findall(dense))
    return codes >= 15 and codes * 4 > 0.3 * len(dense)


def _jumps(plain: str, places: Iterable[tuple[int, int]]) -> Iterator[Jump]:
    """The jumps at `places`. In a script that is about nothing else the address may stand anywhere."""
    short = len(plain) <= SHORT
    for start, end in places:
        named = plain if short else plain[start : end + AHEAD]
        picky = _PICKY.search(plain, max(0, start - NEAR), end + NEAR) is not None
        for host in _hosts(named):
            yield Jump(host, short, picky)


def _is_devious(plain: str, place: tuple[int, int]) -> bool:
    """Whether a script sends visitors on, by where they come from, to an address that it decodes."""
    around = plain[max(0, place[0] - NEAR) : place[1] + NEAR]
    return _PICKY.search(around) is not None and ("atob(" in around or "fromcharcode" in around)


def _reached(plain: str) -> frozenset[str]:
    """Hosts that are named where a script loads code or sends data."""
    hosts: set[str] = set()
    for start, end in _places(_REACHES, plain):
        hosts.update(_hosts(plain[max(0, start - NEAR) : end + NEAR]))
        if len(hosts) >= HOSTS:
            break
    return frozenset(sorted(hosts)[:HOSTS])


def _hosts(plain: str) -> Iterator[str]:
    """The hosts of addresses in `plain` that stand in a string: those in a comment lead nowhere."""
    for found in islice(_ADDRESS.finditer(plain), PLACES):
        before = plain[max(0, found.start() - 7) : found.start()].removesuffix(":")
        if before.removesuffix("https").removesuffix("http").endswith(("'", '"', "`", "=", "(", "\n")):
            yield found[1]


def _places(patterns: Iterable[re.Pattern[str]], plain: str) -> Iterator[tuple[int, int]]:
    """Where one of `patterns` is found: the first `PLACES` of each."""
    for pattern in patterns:
        for found in islice(pattern.finditer(plain), PLACES):
            yield found.span()
