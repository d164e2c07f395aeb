"""A look: the document of a portal in parts, and the files that it is made of."""

import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from bench.scale.stitch import Part, part

_PACKED = ("text/", "application/javascript", "application/json", "image/svg")


class Slot(Enum):
    """Where a document differs from answer to answer, or from page to page."""

    META = "the token in the head"
    FORM = "the token in the search form"
    NONCE = "the nonce of the script in the page"
    FRESH = "what makes the address of a script new every time"
    STAMP = "the comment at the end: when it was made, and by whom"
    TAG = "the supplier's script that is the page's own"
    NEWS = "the list of news"
    INJECTED = "what an attacker puts before the end of the body"


@dataclass(frozen=True)
class File:
    """A file of a site. Text is compressed once; pictures are sent as they are."""

    plain: bytes
    kind: str
    pieces: tuple[Part, ...]
    etag: str


@dataclass(frozen=True)
class Look:
    """A design, and the name of whose it is. `headlines` go round: each update puts the next on top of
    the list of `shown` news (none, for pages that never change). `hero` and `sheet` are paths in `files`,
    None where there is none to swap. `bare`: files come without validators to pages with tokens."""

    number: int
    name: str
    path: str
    pieces: tuple[Part | Slot, ...]
    files: Mapping[str, File]
    headlines: tuple[str, ...] = ()
    shown: int = 0
    hero: str | None = None
    sheet: str | None = None
    bare: bool = False

    @property
    def takes_tags(self) -> bool:
        return Slot.TAG in self.pieces


def file(content: bytes, path: str) -> File:
    """`content` as the file at `path`, whose ending says what it is."""
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    if kind in ("text/javascript", "application/x-javascript"):
        kind = "application/javascript"
    text = kind.startswith(_PACKED)
    etag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
    return File(content, kind, (part(content),) if text else (), etag)
