"""Make-up: marks of how defacements are made, which the pages of public bodies rarely carry.

One mark alone says little; only new ones count, and they count in full only where the page was replaced.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import islice, pairwise

from defacewatch.compare.dom import Reading
from defacewatch.compare.weights import weights
from defacewatch.signals import Kind, Signal

LIMIT = 150_000  # characters of a page that are looked at
REPLACED = 0.5  # share of the identity or structure that is gone from which the page was replaced
LITTLE = 1500  # characters of text: a page with more is no poster
FEW_PATHS = 120  # element paths of a page with little on it
POSTER = 400  # … and with at most this much beside a picture it is one
LOUD = 10.0  # points of marks: what is more than an error page has, which may be black, centred or red
SHOWN = 5
RULES = 40  # rules of style that are looked at

# Pieces of lower-case markup, any of which is the mark. Looking one up costs next to nothing.
_PIECES: Mapping[str, tuple[str, ...]] = {
    "marquee": ("<marquee",),
    "blink": ("<blink", "text-decoration:blink", "text-decoration: blink"),
    "no-right-click": (
        "event.button==2", "event.button == 2", "onselectstart", "disableselect", "devtools", "nocontext",
    ),
    "typing": ("typewriter", "typed.min.js", "new typed(", "typing-effect", "typing effect", "txtrotate"),
    "falling": (
        "matrixrain", "matrix rain", "matrix-rain", "drops[", "snowstorm", "katakana", "matrix.split(",
        "chinese.split(",
    ),
    "terminal-font": (
        "share tech", "share+tech", "orbitron", "vt323", "press start 2p", "press+start+2p",
        "audiowide", "black ops", "black+ops", "nosifer", "creepster", "metal mania", "metal+mania",
        "new rocker", "new+rocker", "butcherman", "ubuntu mono", "ubuntu+mono", "kelly slab", "kelly+slab",
        "geostar", "wallpoet", "monofett", "fredericka", "rock salt", "rock+salt", "megrim",
    ),
    "lent-picture": (
        "//i.imgur.", "//imgur.", "i.postimg", ".ibb.co", "tinypic", "photobucket", "media.giphy",
        "imageshack", "hizliresim", "image.prntscr", "bp.blogspot", "cdn.discordapp", "files.catbox",
        "top4top",
    ),
    "mirror-link": ("zone-h.org", "zoneh.org", "zone-xsec", "mirror-h.org", "defacer.id", "haxor.id"),
    "copy-guard": ("unescape(", "ctrl+u", "html encryption", "encrypted by"),
}  # fmt: skip
# Expressions over it. Each begins with fixed letters, which makes it fast, and repeats within bounds only.
_MARKS: Mapping[str, tuple[re.Pattern[str], ...]] = {
    "autoplay": (
        re.compile(r"<bgsound\b"),
        re.compile(r"<audio\b[^>]{0,400}\bautoplay"),
        re.compile(r"<embed\b[^>]{0,400}\.(?:mp3|mid|wav|swf)"),
        re.compile(r"<iframe\b[^>]{0,300}(?:\.mp3|(?:youtube|soundcloud)[^>]{0,300}auto_?play=(?:1|true))"),
        re.compile(r"new audio\([^)]{1,200}\)[^<]{0,300}\.play\("),
    ),
    "no-right-click": (
        re.compile(
            r"oncontextmenu\s{0,3}=\s{0,3}[\"']?\s{0,3}(?:return\s{1,3}false|new\s{1,3}function|function)"
        ),
        re.compile(r"onkeydown\s{0,3}=\s{0,3}[\"']?\s{0,3}return\s{1,3}false"),
    ),
    "typing": (re.compile(r"\.innerhtml\s{0,3}\+=\s{0,3}[\w.\[\]]{1,40}\.charat\("),),
    "title-flash": (
        re.compile(
            r"document\.title\s{0,3}=\s{0,3}(?:\w{1,20}\[|\w{1,20}\.(?:substr|slice|charat)|msg|scrol)"
        ),
    ),
    "glow": (
        re.compile(
            r"text-shadow\s{0,3}:[^;}]{0,60}(?:red|lime|#f00|#0f0|#ff0000|#00ff00|white|#fff|aqua|cyan)"
        ),
        re.compile(r"@keyframes[^{]{0,30}glitch"),
    ),
    "glaring-text": (
        re.compile(r"<body[^>]{0,300}\btext=[\"']?#?(?:red|lime|ff0000|00ff00|0f0|f00)\b"),
        re.compile(r"<font[^>]{0,80}color=[\"']?#?(?:red|lime|f00|0f0|ff0000|00ff00)\b"),
        re.compile(r"color\s{0,3}:\s{0,3}(?:red|lime|#f00|#0f0|#ff0000|#00ff00|lawngreen|#39ff14|#33ff33)\b"),
    ),
}
_BODY_BLACK = re.compile(
    r"<body[^>]{0,400}(?:bgcolor|background-color|background)\s{0,3}[=:]\s{0,3}[\"']?"
    r"(?:#?0{3}(?:0{3})?\b|black\b|rgba?\(0,\s?0,\s?0)"
)
_BLACK = re.compile(r"background(?:-color)?\s{0,3}:\s{0,3}(?:#0{3}(?:0{3})?\b|black\b|rgba?\(0,\s?0,\s?0)")
_SELECTOR = re.compile(r"(?:html|body|\*)\s{0,3}$")
_EMBLEMS = ("anonym", "skull", "hack", "deface", "fawkes", "vendetta", "joker", "pirate", "jolly")
_FRAMED = re.compile(
    r"-=\[|\]=-|-=\||\|=-|~\]|\[\+\]|\[!\]|\[#\]|\[~\]|\./\w|<3|::\.|\.::|\|\||>_<|={6}|_{12}|\$~|~#|@\w{2,20}[:~]"
)
_REACH = re.compile(
    r"t\.me/|telegram|\bicq\b|\birc\b|jabber|protonmail|proton\.me|onionmail|tutanota|@gmail|@yahoo|@hotmail"
)


def traits_of(html: str, reading: Reading) -> frozenset[str]:
    """The names of the marks that a page carries (a closed list, those of `weights.yaml`)."""
    markup = html[:LIMIT].lower()
    found = {name for name, pieces in _PIECES.items() if any(piece in markup for piece in pieces)}
    found |= {name for name, marks in _MARKS.items() if any(mark.search(markup) for mark in marks)}
    if _shows_emblem(reading):
        found.add("hacker-picture")
    if _is_black(markup):
        found.add("black-page")
    length = sum(len(block.text) for block in reading.blocks)
    if length > LITTLE or len(reading.shingles) > FEW_PATHS:
        return frozenset(found)
    texts = " ".join([reading.title, *(block.text for block in reading.blocks)])[: 2 * LITTLE]
    if len(_FRAMED.findall(texts)) > 1:
        found.add("framed-text")
    if _REACH.search(texts.lower()) is not None:
        found.add("contact")
    if _is_mixed(texts):
        found.add("leetspeak")
    if "typing" in markup:
        found.add("typing")
    pictured = any(tag == "img" for tag, _ in reading.elements)
    if pictured and not reading.links and length <= POSTER and "<center" in markup:
        found.add("poster")
    return frozenset(found)


def _shows_emblem(reading: Reading) -> bool:
    """Whether the name of one of its pictures is that of a defacer's emblem."""
    pictures = (attributes.get("src") or "" for tag, attributes in reading.elements if tag == "img")
    names = (url[:300].lower().rpartition("/")[2] for url in pictures)
    return any(emblem in name for name in names for emblem in _EMBLEMS)


def _is_black(markup: str) -> bool:
    """Whether the page as a whole has a black background."""
    if _BODY_BLACK.search(markup) is not None:
        return True
    for rule in islice(_BLACK.finditer(markup), RULES):
        opened = markup.rfind("{", max(0, rule.start() - 600), rule.start())
        inside = opened > markup.rfind("}", max(0, rule.start() - 600), rule.start())
        if inside and _SELECTOR.search(markup[max(0, opened - 20) : opened]) is not None:
            return True
    return False


def _is_mixed(written: str) -> bool:
    """Whether a text has words that mix letters and figures ('h4x0r', 'r00t')."""
    mixed = (word for word in written.split() if 3 < len(word) < 25 and word[0].isalpha())
    return sum(_switches(word) > 1 for word in mixed) > 1


def _switches(word: str) -> int:
    """How often a word changes between letters and figures."""
    kinds = [sign.isdigit() for sign in word if sign.isalnum()]
    return sum(one != other for one, other in pairwise(kinds))


def is_loud(traits: frozenset[str], degree: int = 1) -> bool:
    """Whether these marks together are more than an error page, a maintenance page or a bot wall carries, by
    so many times `LOUD`."""
    table = weights().points[Kind.MAKE_UP]
    return sum(table.get(trait, 0.0) for trait in traits) >= degree * LOUD


def makeup_signals(traits: frozenset[str], replaced: float) -> Iterator[Signal]:
    """The signal of new marks: in full where the page was `replaced` (share of it that is gone), and less
    where it stands."""
    table = weights().points[Kind.MAKE_UP]
    marks = sorted((trait for trait in traits if trait in table), key=lambda name: (-table[name], name))
    total = sum(table[mark] for mark in marks)
    points = weights().bounded(Kind.MAKE_UP, total if replaced >= REPLACED else total * table["standing"])
    if points > 0:
        yield Signal(Kind.MAKE_UP, points, f"make-up={'|'.join(sorted(marks))}", {"traits": marks[:SHOWN]})
