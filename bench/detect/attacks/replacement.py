"""The whole page replaced by a real defacement page: as it is, as an error, under a harmless title."""

import codecs
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from random import Random
from urllib.parse import quote, urljoin

from bench.detect.attacks.markup import TYPES, retitled
from bench.detect.material import Defacement, defacements
from bench.detect.scene import Answer, Kind, Make, Scene

STATUSES = (403, 404, 503)
_TITLES = (
    "Bảo trì hệ thống", "Hệ thống đang bảo trì", "Thông báo bảo trì", "Trang web đang được nâng cấp",
    "Bao tri he thong", "Under maintenance", "503 Service Unavailable", "404 Not Found",
    "Site is under construction",
)  # fmt: skip
_KINDS: Mapping[str, str] = {
    **TYPES,
    ".gif": "image/gif",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".htm": "text/html",
    ".html": "text/html",
    ".swf": "application/x-shockwave-flash",
    ".txt": "text/plain",
}
_FILES, _FILE_BYTES = 200, 4_000_000  # of one archived folder


def replacements(corpus: Path, side: str) -> list[Kind]:
    """Five kinds for each defacement page of a side, named 'replaced, <source>[, <way>] #<key>': what stands
    before ' #' is the row of the table that it belongs to."""
    ways: list[tuple[str, int, bool]] = [("", 200, False)]
    ways += [(f", status {status}", status, False) for status in STATUSES]
    ways += [(", harmless title", 200, True)]
    return [
        Kind(
            f"replaced, {one.source}{way} #{one.key}",
            "replacement",
            "defaced",
            replaced_by(one, status=status, titled=titled),
            browser=False,
        )
        for one in defacements(corpus)
        if one.side == side
        for way, status, titled in ways
    ]


def replaced_by(one: Defacement, *, status: int = 200, titled: bool = False) -> Make:
    """The page replaced by `one` and what it loads; `titled`: under the title of a maintenance page."""

    def make(scene: Scene, dice: Random) -> Scene:
        body = one.page.read_bytes()
        if titled:
            body = _retitled(body, dice.choice(_TITLES))
        page = Answer(body, status)
        return replace(scene, page=page, extra={**scene.extra, **_loaded(one, scene.url)})

    return make


def _retitled(body: bytes, title: str) -> bytes:
    """Another title over a page whose encoding may be anything: the title is written in ASCII."""
    if body[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        text = body.decode("utf-16", "replace")
        return retitled(text, title).encode("utf-16")
    text = retitled(body.decode("latin-1"), title)
    return text.encode("latin-1", "xmlcharrefreplace")


def _loaded(one: Defacement, url: str) -> dict[str, Answer]:
    if one.folder is None:
        return {}
    files = [path for path in sorted(one.folder.rglob("*")) if path.is_file() and path != one.page]
    return {
        urljoin(url, quote(path.relative_to(one.folder).as_posix())): Answer(
            path.read_bytes(), kind=_KINDS.get(path.suffix.lower(), "application/octet-stream")
        )
        for path in files[:_FILES]
        if path.stat().st_size <= _FILE_BYTES and path.suffix.lower() in _KINDS
    }
