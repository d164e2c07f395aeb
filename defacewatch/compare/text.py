"""Words: folding that sees through case, diacritics, look-alikes and leetspeak, and word shingles."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache, wraps
from typing import TypeVar, TypeVarTuple, cast

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

SHINGLE = 3  # words
LINE = 200  # characters of a text that is `remembered` for a while

# Scripts whose vowels are marks: without them other words would come of it.
_VOWELS = re.compile(r"[\u0900-\u0eff\u1000-\u109f\u1780-\u17ff\u3099\u309a]")
_FAR = "\U0001bca0-\U0001bca3\U0001d165-\U0001d1ad\U000e0000-\U000e01ef"  # beyond the first plane
_WORD = re.compile(r"[\w@$]+")
# Letters that no decomposition turns into the plain ones: đ, dotless i, small capitals, ø.
_PLAIN = str.maketrans("đðɑɡıøłᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢßæœ_’'", "ddagiolabcdefghijklmnoprstuvwyzsao \0\0")
_LEET = str.maketrans("0134578@$", "oieastbas")
# Letters of other alphabets that look like Latin ones, and letters in squares and circles.
_ALIKE = str.maketrans(
    "АВЕЅІЈКМНОРСТУХЗЬԀԁԌԚԛԜԝҮүҺһаесорхуѕіјԍкмтбвнгпԯєїѵʋӏΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹαβεηικνορτυχϲϳςγω",
    "ABESIJKMHOPCTYX3bDdGQqWwYyHhaecopxysijgkmtbbhrnkeivvlABEZHIKMNOPTYXCabenikvoptuxcjcyw",
)
_SQUARED = {0x1F130 + 32 * shape + letter: 97 + letter for shape in range(3) for letter in range(26)}
_SQUARE = re.compile("[\U0001f130-\U0001f189]")
_FOREIGN = re.compile(r"[\u0370-\u052f]")
_FOREIGN_WORD = re.compile(r"[^\W\d_]*[\u0370-\u052f][^\W_]*")
_LATIN = re.compile(r"[a-zA-Z]")
# … those that a word must consist of to pass for a Latin one as a whole.
_PASSING = re.compile("[АВЕЅІЈКМНОРСТУХԀԁԌԚԛԜԝҮүҺһаесорхуѕіјԍкΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹανοϲϳ]+")
_SPELLED = 5  # single letters in a row that are one word spelled out


def fold(text: str) -> str:
    """`text` for looking up wording: compatibility forms resolved, lower case, no diacritics.

    Line breaks stay where they are.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text)
        text = _marks().sub("", text)
        if _SQUARE.search(text):
            text = text.translate(_SQUARED)
        if _FOREIGN.search(text):
            text = "\n".join(map(_unmasked, text.split("\n")))
    return text.lower().translate(_PLAIN).replace("\0", " ")


@cache
def _marks() -> re.Pattern[str]:
    """Marks above, below and around letters, and signs that are not seen."""
    unseen = "".join(
        chr(code)
        for code in range(0x10000)
        if code == 0x640
        or (unicodedata.category(chr(code)) in ("Cf", "Me", "Mn") and not _VOWELS.match(chr(code)))
    )
    # two sets, because one of both planes is searched letter by letter
    return re.compile(f"[{re.escape(unseen)}]+|[{_FAR}]+")


def _unmasked(line: str) -> str:
    """`line` with Cyrillic and Greek letters in Latin words read as the Latin ones they look like.

    A word mixes alphabets, or all of it passes for Latin in a line that is Latin otherwise; text in Russian
    or Greek stays.
    """
    if not _FOREIGN.search(line):
        return line
    foreign = _FOREIGN_WORD.findall(line)
    passing = _LATIN.search(line) is not None and all(
        _LATIN.search(word) or _PASSING.fullmatch(word) for word in foreign
    )

    def read(found: re.Match[str]) -> str:
        word = found.group()
        return word.translate(_ALIKE) if passing or _LATIN.search(word) else word

    return _FOREIGN_WORD.sub(read, line)


def fold_exact(text: str) -> str:
    """`text` in lower case with its diacritics, for wording that needs them."""
    return unicodedata.normalize("NFC", text).lower()


def remembered(read: Callable[[str, *Ts], T]) -> Callable[[str, *Ts], T]:
    """`read`, a pure function of a text, with what it made of the last lines: a page is read as served and as
    shown, and most of its lines are in both."""
    of_line = cast("Callable[[str, *Ts], T]", lru_cache(maxsize=4096)(read))

    @wraps(read)
    def of_text(said: str, /, *besides: *Ts) -> T:
        return of_line(said, *besides) if len(said) <= LINE else read(said, *besides)

    return of_text


@remembered
def words(folded: str) -> tuple[str, ...]:
    """The words of a folded text: leetspeak read, numbers dropped, spelled-out words joined."""
    found: list[str] = _WORD.findall(folded)
    if not "".join(found).isalpha():
        found = [word for word in map(_unleet, found) if word]
    singles = list(map(len, found)).count(1)
    return tuple(_joined(found) if singles >= _SPELLED else found)


def _unleet(word: str) -> str:
    if word.isalpha():
        return word
    if not any(character.isalpha() for character in word):
        return ""
    return word.translate(_LEET)


def _joined(found: Sequence[str]) -> list[str]:
    """`found` with runs of at least `_SPELLED` single letters made one word each."""
    result: list[str] = []
    run: list[str] = []
    for word in [*found, ""]:
        if len(word) == 1 and word.isascii():
            run.append(word)
            continue
        result += ["".join(run)] if len(run) >= _SPELLED else run
        run = []
        if word:
            result.append(word)
    return result


def shingles(blocks: Iterable[Sequence[str]]) -> set[str]:
    """Word triples of each block; a shorter block is one shingle."""
    found: set[str] = set()
    for block in blocks:
        if len(block) < SHINGLE:
            found.add(" ".join(block))
        else:
            found.update(map(" ".join, zip(block, block[1:], block[2:], strict=False)))
    found.discard("")
    return found
