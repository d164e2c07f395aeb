"""Looks made of real pages: those of the corpus that came with their style sheets and pictures.

What a page asks of other hosts is asked of its own instead, where it is missing: nothing leaves loopback.
"""

import re
from functools import cache
from pathlib import Path

from bench.real.corpus import sites
from bench.scale.looks import File, Look, Slot, file
from bench.scale.stitch import part

PROJECTS = ("apache-couchdb", "apache-lucene", "apache-lucene-news", "boost-org", "tcpdump")
MIRROR = Path("vn/sotttt-hanoi")
MIRRORED = ("index.html", "gioi-thieu.html", "chuyen-doi-ipv6.html")  # pages of that mirror
_LARGEST = 2_000_000  # bytes of a file that is served
_FOREIGN = re.compile(
    rb"(<(?:script|link|img|iframe|frame|embed|source|input|object)\b[^>]{0,800}?(?:src|href|data)\s?=\s?[\"']?)"
    rb"(?:https?:)?//",
    re.IGNORECASE,
)
_IMPORTED = re.compile(rb"(url\(\s?[\"']?|@import\s+[\"'])(?:https?:)?//", re.IGNORECASE)
_REFRESH = re.compile(rb"<meta[^>]{0,60}refresh[^>]{0,200}>", re.IGNORECASE)
_END = re.compile(rb"</body", re.IGNORECASE)


def looks(corpus: Path, *, first: int) -> list[Look]:
    """The looks of the corpus, numbered from `first`."""
    found: list[Look] = []
    for site in sites(corpus):
        if site.name in PROJECTS:
            version = site.versions[0]
            found.append(_look(first + len(found), site.name, version.folder, version.page))
    mirror = corpus / MIRROR
    found += [
        _look(first + len(found) + n, MIRROR.name, mirror, page)
        for n, page in enumerate(page for page in MIRRORED if (mirror / page).is_file())
    ]
    return found


def _look(number: int, name: str, folder: Path, page: str) -> Look:
    document = contained((folder / page).read_bytes())
    files = _files(folder)
    head, end = _split(document)
    path = "/" if page == "index.html" else f"/{page}"
    pieces = (part(head), Slot.FORM, Slot.INJECTED, Slot.STAMP, part(end))
    return Look(number, name, path, pieces, files, sheet=_sheet(files, document), bare=number % 4 == 3)


def contained(text: bytes) -> bytes:
    """A document or style sheet that asks nothing of other hosts."""
    text = _REFRESH.sub(b"", text)
    text = _FOREIGN.sub(rb"\1/-/", text)
    return _IMPORTED.sub(rb"\1/-/", text)


def _split(document: bytes) -> tuple[bytes, bytes]:
    ends = list(_END.finditer(document))
    at = ends[-1].start() if ends else len(document)
    return document[:at], document[at:]


@cache
def _files(folder: Path) -> dict[str, File]:
    """The files of a site that its pages may ask for; pages of one site share them."""
    files: dict[str, File] = {}
    for found in sorted(folder.rglob("*")):
        wanted = found.is_file() and found.stat().st_size <= _LARGEST
        if not wanted or found.suffix in (".html", ".php", ".htm"):
            continue
        path = f"/{found.relative_to(folder).as_posix()}"
        content = found.read_bytes()
        files[path] = file(contained(content) if found.suffix == ".css" else content, path)
    return files


def _sheet(files: dict[str, File], document: bytes) -> str | None:
    """The largest style sheet that the document names."""
    named = [path for path in files if path.endswith(".css") and path.rpartition("/")[2].encode() in document]
    return max(named, key=lambda path: len(files[path].plain), default=None)
