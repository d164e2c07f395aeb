"""What can be read on a page as the browser shows it, against what is only in its document.

A style sheet can hide every word and leave the document as it was. What counts is therefore what was read
before, still stands in the document, and can be read no longer; where the words have left the document too,
the text itself says so.
"""

from collections.abc import Collection

from defacewatch.captures import Rendering
from defacewatch.compare import sketch, text
from defacewatch.features import Document

LIMIT = 200_000  # characters
FEW = 20  # shingles: fewer say nothing about a share
EMPTIED = 0.1  # a page that shows less than this share of its text has been emptied
STANDS = 0.5  # … while so much of it still stands in the document


def visible_of(rendering: Rendering | None) -> tuple[frozenset[int] | None, int]:
    """The hashes of the word shingles that can be read, line by line, and how many characters that is;
    (None, 0) where no browser looked."""
    if rendering is None:
        return None, 0
    lines = (text.words(line) for line in text.fold(rendering.text[:LIMIT]).split("\n"))
    return sketch.hashes(text.shingles(lines)), len(" ".join(rendering.text[:LIMIT].split()))


def hidden_share(before: Document, after: Document, volatile: Collection[int]) -> float:
    """The share (0..1) of the steady text which can be read no longer although the document still has it.

    Text is compared as far as the document has it in the same words: lines that a style sheet puts together
    are no shingles of the document.
    """
    if before.visible is None or after.visible is None:
        return 0.0
    steady = (before.visible & before.words) - frozenset(volatile)
    hidden = 0.0
    if len(steady) >= FEW:
        hidden = len((steady - after.visible) & after.words) / len(steady)
    return max(hidden, _emptied(before, after))


def _emptied(before: Document, after: Document) -> float:
    left = after.visible_length / before.visible_length if before.visible_length else 1.0
    stands = after.text_length >= STANDS * before.text_length
    return 1.0 - left if left < EMPTIED and stands else 0.0
