"""The pages that are watched: each is one page over time, of the corpus or with simulated updates."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.detect import events
from bench.detect.hosts import address_of
from bench.detect.scene import Answer, Scene
from bench.real import corpus
from bench.real.corpus import Site

# Its script sends a browser without a consent cookie to a page that the corpus does not have.
LEFT_OUT = corpus.LEFT_OUT
BOTH = "both"  # the side of what belongs to none


@dataclass(frozen=True)
class Stored:
    """A version of a page in the corpus, read when it is wanted."""

    url: str
    folder: Path
    page: str

    def scene(self) -> Scene:
        body = (self.folder / self.page).read_bytes()
        return Scene(self.url, Answer(body), self.folder)


@dataclass(frozen=True)
class Subject:
    """One page over time. `family` is the site that it is counted under, `css` whether it is shown with its
    style sheets; `steps` has the class of the step to each version (that of the first says little)."""

    name: str
    family: str
    side: str
    css: bool
    versions: tuple[Stored | Scene, ...]
    numbers: tuple[int, ...]
    steps: tuple[str, ...]

    def scene(self, place: int) -> Scene:
        version = self.versions[place]
        return version if isinstance(version, Scene) else version.scene()

    def size(self, place: int) -> int:
        """Bytes of that version."""
        version = self.versions[place]
        if isinstance(version, Scene):
            return len(version.page.body)
        return (version.folder / version.page).stat().st_size

    def is_out(self, place: int) -> bool:
        """Whether that version is no page of the site but an error page or a bot wall."""
        return self.steps[place] in events.OUTAGES


def of_corpus(folder: Path, side: str) -> list[Subject]:
    """The sites of one side that have a history, in order of their names."""
    labelled = list(events.read(folder / "events.txt"))
    sites = corpus.sites(folder)
    return [_subject(folder, site, labelled) for site in sites if site.side == side and _is_usable(site)]


def _is_usable(site: Site) -> bool:
    return site.name not in LEFT_OUT and len(site.versions) > corpus.LEARNED


def _subject(folder: Path, site: Site, labelled: Sequence[events.Event]) -> Subject:
    first = [(v.folder / v.page).read_bytes() for v in site.versions[: corpus.LEARNED]]
    url = address_of(folder, site.name, site.versions[0].page, first)
    sizes = [(v.number, (v.folder / v.page).stat().st_size) for v in site.versions]
    kinds = events.classes(labelled, sizes, site=site.name)
    return Subject(
        site.name,
        corpus.family(site.name),
        site.side,
        site.group == "project",
        tuple(Stored(url, v.folder, v.page) for v in site.versions),
        tuple(v.number for v in site.versions),
        tuple(kinds[v.number] for v in site.versions),
    )
