"""The corpus of real pages: its sites and their versions, its defacement pages, and a seeded choice of both.

The corpus is third-party material. It is read where it lies, and nothing of it is copied.
"""

import csv
import hashlib
import os
import random
import re
import tarfile
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ARCHIVE = Path(__file__).resolve().parents[2] / "../shared/corpus/corpus.tar.xz"
LEARNED = 3  # versions that a baseline is learned from
GROUPS: Mapping[str, int] = {"us-gov": 12, "news": 4, "project": 4}  # sites of each kind, 20 in all
# Its script sends a browser without a consent cookie to a page that the corpus does not have.
LEFT_OUT = frozenset({"news-web-de"})

_ELSEWHERE = re.compile(rb"<meta[^>]{0,40}refresh[^>]{0,40}url=['\"]?https?://", re.IGNORECASE)
_EVENT = re.compile(r"(\S+) (\d+)->(\d+) pc=")


class CorpusMissing(Exception):
    """There is no corpus to measure with; the message says in one line what to do."""


@dataclass(frozen=True)
class Version:
    """One version of a page: a folder that holds `page` and its assets."""

    number: int
    folder: Path
    page: str


@dataclass(frozen=True)
class Site:
    """A page over time. `side` is 'fit' or 'report'; nothing may be tuned on 'report'. `events` are the
    steps (before, after) that the corpus labels as drastic but harmless."""

    name: str
    group: str
    side: str
    versions: tuple[Version, ...]
    events: tuple[tuple[int, int], ...]

    def labelled(self, before: Version, after: Version) -> bool:
        """Whether a labelled event lies between two versions."""
        return any(before.number <= a and b <= after.number for a, b in self.events)


def path(text: str) -> Path:
    """A path on the command line."""
    return Path(text).expanduser().absolute()


def add_options(parser: ArgumentParser) -> None:
    """Where the corpus is: `--corpus` and `--archive`, for `find`."""
    unpacked = os.environ.get("DEFACEWATCH_CORPUS") or "~/.cache/defacewatch-corpus"
    parser.add_argument("--corpus", type=path, default=path(unpacked), help="the unpacked corpus")
    parser.add_argument("--archive", type=path, default=ARCHIVE, help="the packed one")


def find(folder: Path, archive: Path) -> Path:
    """`folder`, unpacked from `archive` first when it is not there. Raises CorpusMissing."""
    if (folder / "sites").is_dir() and (folder / "deface").is_dir():
        return folder
    if not archive.is_file():
        raise CorpusMissing(
            f"no corpus of real pages in {folder} (--corpus), nor {archive} (--archive) to unpack"
        )
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return folder


def family(name: str) -> str:
    """The name by which the split counts a site: pages of one owner belong together."""
    if name.startswith("us-gov-"):
        return name.removesuffix("_data")
    return "apache-lucene" if name.startswith("apache-lucene") else name


def side(name: str) -> str:
    """'fit' or 'report', as the corpus says: by the first byte of a hash of the name."""
    return "report" if hashlib.sha256(f"split:{name}".encode()).digest()[0] & 1 else "fit"


def sites(folder: Path) -> list[Site]:
    """All sites that come with their history, by name."""
    events: dict[str, list[tuple[int, int]]] = {}
    for found in map(_EVENT.match, (folder / "events.txt").read_text("utf-8").splitlines()):
        if found:
            events.setdefault(found[1], []).append((int(found[2]), int(found[3])))
    return [
        Site(
            path.name,
            _group(path),
            side(family(path.name)),
            _versions(path),
            tuple(events.get(path.name, ())),
        )
        for path in sorted((folder / "sites").iterdir())
    ]


def _group(folder: Path) -> str:
    """Project sites are those that came with their css and pictures."""
    if any(path.suffix == ".css" for path in folder.rglob("*")):
        return "project"
    return "us-gov" if folder.name.startswith("us-gov-") else "news"


def _versions(folder: Path) -> tuple[Version, ...]:
    with (folder / "versions.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    found = (Version(int(row["version"]), folder / row["version"], row["page"]) for row in rows)
    return tuple(v for v in found if (v.folder / v.page).is_file() and not _leaves(v.folder / v.page))


def _leaves(page: Path) -> bool:
    """Whether a page only sends the browser to another host: there is none here, so it would not be shown."""
    return _ELSEWHERE.search(page.read_bytes()) is not None


def chosen(everything: list[Site], *, steps: int, seed: int) -> list[Site]:
    """`GROUPS` sites, one of each family, of the report side where it has enough; cut to what is walked."""
    dice = random.Random(seed)
    picked: list[Site] = []
    for group, wanted in GROUPS.items():
        families: dict[str, list[Site]] = {}
        for site in everything:
            long_enough = len(site.versions) >= LEARNED + steps
            if site.group == group and long_enough and site.name not in LEFT_OUT:
                families.setdefault(family(site.name), []).append(site)
        ones = [dice.choice(families[name]) for name in sorted(families)]
        dice.shuffle(ones)
        ones.sort(key=lambda site: site.side != "report")
        picked += sorted(ones[:wanted], key=lambda site: site.name)
    return [_cut(site, LEARNED + steps) for site in picked]


def _cut(site: Site, length: int) -> Site:
    """The first versions; where a labelled event can be walked over, those around the first of them."""
    versions = site.versions
    places = (i for i in range(LEARNED, len(versions)) if site.labelled(versions[i - 1], versions[i]))
    event = next(places, None)
    start = 0 if event is None else min(max(0, event - (length + LEARNED) // 2), len(versions) - length)
    return Site(site.name, site.group, site.side, versions[start : start + length], site.events)


def defacements(folder: Path, count: int, *, seed: int) -> list[Path]:
    """So many modern defacement pages of the report side."""
    found = [path for path in sorted((folder / "deface").glob("*.html")) if side(path.name) == "report"]
    return random.Random(seed).sample(found, count)
