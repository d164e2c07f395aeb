"""What a page claims that cannot be read within limits: its title and headings, without building its DOM.

A page made to be too much for a reader must not hide by that what it says. This is linear in the text.
"""

import re
from collections.abc import Iterator

from defacewatch.compare import noise, phrases, text
from defacewatch.compare.phrases import Block
from defacewatch.features import Phrase

LIMIT = 200_000  # characters of the page
PIECES = 60  # titles and headings
LENGTH = 1000  # characters of markup of one

_OPENED = re.compile(r"<(title|h[1-6])\b[^<>]{0,500}>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,500}>?")


def claims(html: str) -> tuple[Phrase, ...]:
    """The wording of attacks in the titles and headings of `html`, as far as they can be told."""
    blocks = list(_blocks(html[:LIMIT]))
    folded = [text.words(text.fold(block.text)) for block in blocks]
    return tuple(phrase for phrase in phrases.find(blocks, folded) if phrase.family == "deface")


def _blocks(html: str) -> Iterator[Block]:
    for number, opened in enumerate(_OPENED.finditer(html)):
        if number == PIECES:
            return
        name = opened.group(1).lower()
        piece = html[opened.end() : opened.end() + LENGTH].partition(f"</{opened.group(1)}")[0]
        said = noise.squeeze(_TAG.sub(" ", piece))
        if said:
            yield Block("title" if name == "title" else "heading", said)
