"""Words: folding that sees through case, diacritics, look-alikes and leetspeak, and word shingles."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

SHINGLE = 3  # words

_MARKS = re.compile(r"[\u0300-\u036f\u064b-\u065f\u0670\u0640\u200b-\u200f\u2060\ufe00-\ufe0f\u00ad]+")
_WORD = re.compile(r"[\w@$]+")
# Letters that no decomposition turns into the plain ones: đ, dotless i, small capitals, ø.
_PLAIN = str.maketrans("đıøłᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢßæœ_’'", "diolabcdefghijklmnoprstuvwyzsao \0\0")
_LEET = str.maketrans("0134578@$", "oieastbas")
_SPELLED = 5  # single letters in a row that are one word spelled out


def fold(text: str) -> str:
    """`text` for looking up wording: compatibility forms resolved, lower case, no diacritics.

    Line breaks stay where they are.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text)
        text = _MARKS.sub("", text)
    return text.lower().translate(_PLAIN).replace("\0", " ")


def fold_exact(text: str) -> str:
    """`text` in lower case with its diacritics, for wording that needs them."""
    return unicodedata.normalize("NFC", text).lower()


def words(folded: str) -> list[str]:
    """The words of a folded text: leetspeak read, numbers dropped, spelled-out words joined."""
    found = [_unleet(word) for word in _WORD.findall(folded)]
    found = [word for word in found if word]
    singles = sum(len(word) == 1 for word in found)
    return _joined(found) if singles >= _SPELLED else found


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
