"""Captures are read part by part, and a part that is as it was the last time is not read again.

Most rounds of captures find pages as they were. The picture is what reading costs most for; a page that
sends another token with each answer has the same picture still. So pictures are remembered at once, documents
when they have been the same twice.

Captures come round: what was not looked at for longest comes next. Where there is room for a part of the
pages only, whoever has to go is drawn by lot, for by age it would always be the next.
"""

import asyncio
import pickle
import random
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from defacewatch.captures import Look
from defacewatch.compare import Part, extract, mark_of, pieces_of, put_together, read
from defacewatch.features import Features
from defacewatch.metrics import PARTS_READ
from defacewatch.workers import Workers

ROOM = 32 * 1024 * 1024  # bytes of what is remembered of all pages
OVERHEAD = 1000  # bytes of an entry besides, about
_AT_ONCE = frozenset((Part.SCREEN, Part.ICON))  # remembered when they are first seen


@dataclass
class _Remembered:
    """Of one page, by part: the mark of what was read last, and what that brought (packed); None where that
    is not worth its room, as it was another the time before."""

    parts: dict[Part, tuple[bytes, bytes | None]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return OVERHEAD + sum(len(packed or b"") for _, packed in self.parts.values())


class Rereading:
    """Reads looks in worker processes. `room` bounds what is remembered, in bytes."""

    def __init__(self, workers: Workers, *, room: int = ROOM) -> None:
        self.workers, self.room = workers, room
        self.held = 0  # bytes remembered
        self._pages: dict[str, _Remembered] = {}

    async def read(self, look: Look) -> Features:
        """The features of a look that brought a page. Raises TooMuch where it cannot be read in bounds."""
        if look.rendering is None:  # probes are read when their documents are others
            return await self.workers.run(extract, look)
        pieces = pieces_of(look)
        marks = await asyncio.to_thread(_marks, pieces)
        known = self._pages.get(look.probe.url, _Remembered()).parts
        packed: dict[Part, bytes] = {}
        for part, mark in marks.items():
            before, kept = known.get(part, (b"", None))
            if before == mark and kept is not None:
                packed[part] = kept
        missing = {part: piece for part, piece in pieces.items() if part not in packed}
        if missing:
            packed |= await self.workers.run(read_packed, missing)
        for part in pieces:
            PARTS_READ.labels(part.value, "read" if part in missing else "remembered").inc()
        self._remember(look.probe.url, marks, packed)
        return put_together(look, await asyncio.to_thread(_unpacked, packed))

    def _remember(self, url: str, marks: Mapping[Part, bytes], packed: Mapping[Part, bytes]) -> None:
        before = self._pages.pop(url, None)
        known = before.parts if before is not None else {}
        now = _Remembered()
        for part, mark in marks.items():
            last = known[part][0] if part in known else None
            stays = last == mark or (last is None and part in _AT_ONCE)
            now.parts[part] = (mark, packed[part] if stays else None)
        self.held += now.size - (before.size if before is not None else 0)
        while self.held > self.room and self._pages:
            self.held -= self._pages.pop(random.choice(list(self._pages))).size  # noqa: S311
        if self.held > self.room:
            self.held -= now.size
        else:
            self._pages[url] = now


def read_packed(pieces: Mapping[Part, object]) -> dict[Part, bytes]:
    """Every piece read, in a worker, and packed to be kept."""
    return {
        part: zlib.compress(pickle.dumps(found, pickle.HIGHEST_PROTOCOL), 1)
        for part, found in read(pieces).items()
    }


def _unpacked(packed: Mapping[Part, bytes]) -> dict[Part, Any]:
    # From workers of ours, as all that they say.
    return {part: pickle.loads(zlib.decompress(content)) for part, content in packed.items()}  # noqa: S301


def _marks(pieces: Mapping[Part, object]) -> dict[Part, bytes]:
    return {part: mark_of(piece) for part, piece in pieces.items()}
