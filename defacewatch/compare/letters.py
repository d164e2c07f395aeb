"""Writing systems: which letters the text of a page is written in, and when it moves to others."""

import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from defacewatch.compare.weights import weights
from defacewatch.signals import Kind, Signal

LIMIT = 40_000  # characters of text that are looked at
ENOUGH = 150  # letters that tell a writing system
VIETNAMESE = 0.04  # share of Latin letters with Vietnamese marks from which a text is Vietnamese
BARE = 0.005  # … and below which it has none
ENGLISH = 0.06  # share of a text's words that are the commonest English ones

# How far the letters moved (0..1), the name of what they were, and of what they are.
Shift = tuple[float, str, str]

# First letter of each range and the writing system that goes on to the next one.
_RANGES = (
    (0x41, "Latin"), (0x250, ""), (0x370, "Greek"), (0x400, "Cyrillic"), (0x530, ""), (0x590, "Hebrew"),
    (0x600, "Arabic"), (0x700, ""), (0x750, "Arabic"), (0x780, ""), (0x8A0, "Arabic"), (0x900, "Indic"),
    (0xE00, "Thai"), (0xE80, "Lao"), (0xF00, ""), (0x1000, "Burmese"), (0x10A0, ""), (0x1100, "Korean"),
    (0x1200, ""), (0x1780, "Khmer"), (0x1800, ""), (0x1D00, "Latin"), (0x1F00, "Greek"), (0x2000, ""),
    (0x3040, "Japanese"), (0x3100, ""), (0x3400, "Chinese"), (0xA000, ""), (0xAC00, "Korean"), (0xD7B0, ""),
    (0xF900, "Chinese"), (0xFB00, "Latin"), (0xFB10, ""), (0xFB50, "Arabic"), (0xFF00, ""),
)  # fmt: skip
SYSTEMS = frozenset(system for _, system in _RANGES if system)
_STARTS = [start for start, _ in _RANGES]
_MARKED = frozenset("ăâđêôơưĂÂĐÊÔƠƯ")
_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")  # grave, acute, tilde, hook above, dot below
_COMMON = frozenset(("the", "of", "and", "to", "in", "for", "is", "on", "with", "this", "are", "that", "by"))


def letters_of(texts: Iterable[str]) -> Mapping[str, float]:
    """The share (0..1) of each writing system among the letters; 'Vietnamese' is the share of letters with
    Vietnamese marks among the Latin ones, 'English' that of common English words among all words.

    Empty where there are too few letters to tell.
    """
    text = " ".join(texts)[:LIMIT]
    counts: Counter[str] = Counter()
    marked = 0
    for sign, number in Counter(unicodedata.normalize("NFC", text)).items():
        if sign.isalpha() and (
            system := _RANGES[bisect_right(_STARTS, ord(sign)) - 1][1] if sign >= "A" else ""
        ):
            counts[system] += number
            marked += number if system == "Latin" and _is_vietnamese(sign) else 0
    total = sum(counts.values())
    if total < ENOUGH:
        return {}
    shares = {system: round(number / total, 3) for system, number in counts.most_common(5)}
    if counts["Latin"]:
        shares["Vietnamese"] = round(marked / counts["Latin"], 3)
    words = text.lower().split()
    shares["English"] = round(sum(word in _COMMON for word in words) / max(1, len(words)), 3)
    return shares


def _is_vietnamese(sign: str) -> bool:
    if sign in _MARKED:
        return True
    parts = unicodedata.normalize("NFD", sign)
    return len(parts) > 1 and not _TONES.isdisjoint(parts)


def shift(before: Mapping[str, float], after: Mapping[str, float]) -> Shift | None:
    """How the letters moved, None where they did not or too little is known."""
    if not before or not after:
        return None
    systems = (before.keys() | after.keys()) - {"Vietnamese", "English"}
    moved = sum(abs(before.get(name, 0.0) - after.get(name, 0.0)) for name in systems) / 2
    one, other = _named(before), _named(after)
    if one == "Vietnamese" and after.get("Vietnamese", 0.0) <= BARE and other != "Vietnamese":
        moved = max(moved, 0.4 if after.get("English", 0.0) >= ENGLISH else 0.8)
    return (moved, one, other) if one != other else None


def _named(letters: Mapping[str, float]) -> str:
    systems = {name: share for name, share in letters.items() if name not in ("Vietnamese", "English")}
    most = max(sorted(systems), key=lambda name: systems[name])
    if most == "Latin" and letters.get("Vietnamese", 0.0) >= VIETNAMESE:
        return "Vietnamese"
    return most


def language_signals(moved: Shift | None) -> Iterator[Signal]:
    """The signal that the main text is in other letters."""
    if moved is None:
        return
    share, before, after = moved
    points = weights().on_curve(Kind.LANGUAGE, share)
    if points > 0:
        yield Signal(Kind.LANGUAGE, points, f"language:{before} {after}", {"before": before, "after": after})
