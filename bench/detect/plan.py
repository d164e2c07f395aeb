"""What is measured: which kind of attack or stress on which version of which page, chosen by seed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from bench.detect import kinds
from bench.detect.events import ORDINARY, SIMULATED
from bench.detect.scene import Kind, Scene
from bench.detect.subjects import Subject
from bench.real.corpus import LEARNED

TARGETS, STRESSED, VARIED = 12, 8, 30  # pages: of a kind of attack, of a kind of stress, of a variant
FIRST = LEARNED + 2  # the first version that is attacked
LARGEST = 400_000  # bytes of a page that is attacked: front pages of newspapers are three times that
LATE = 1.5  # seconds after the load beyond which only a capture that dwells sees anything


@dataclass(frozen=True)
class Case:
    """One kind, by name, on one version of one page."""

    subject: str
    place: int
    kind: str


@dataclass(frozen=True)
class Plan:
    """What is chosen from: where the corpus is, which side, how many pages, and by which seed."""

    corpus: Path
    side: str
    seed: int
    html_only: bool
    only: str = ""
    limit: int = 0

    def dice(self, *what: object) -> Random:
        return Random(":".join(map(str, (self.seed, *what))))

    def wants(self, kind: Kind) -> bool:
        left_out = self.html_only and kind.browser
        return not left_out and self.only in ("", kinds.row_of(kind.name), kind.group)

    def kind_of(self, case: Case) -> Kind:
        """The kind of a case."""
        if kinds.page_of(case.kind):
            return kinds.replacing(self.corpus, self.side)[case.kind]
        return kinds.kinds()[case.kind]

    def scenes(self, case: Case, subject: Subject) -> list[Scene]:
        """The scenes of a case, its steps one after the other; none where the kind does not apply."""
        dice = self.dice(case.kind, case.subject, case.place)
        made = self.kind_of(case).make(subject.scene(case.place), dice)
        if made is None:
            return []
        return [made] if isinstance(made, Scene) else list(made)

    def cases(self, kind: Kind, subjects: Sequence[Subject]) -> Iterator[Case]:
        """The cases of one kind: as many pages as it applies to, those with their css first."""
        count = self.limit or (STRESSED if kind.group == "stress" else TARGETS)
        found = {True: 0, False: 0}
        for subject, place in self.targets(kind.name, subjects):
            # Half of them without css, unless the kind means nothing there or all is in the bytes.
            most = count if kind.css else (count + 1) // 2
            if found[subject.css] >= most or (kind.css and not subject.css):
                continue
            case = Case(subject.name, place, kind.name)
            if self.scenes(case, subject):
                found[subject.css] += 1
                yield case
            if sum(found.values()) >= count:
                return

    def replacements(self, subjects: Sequence[Subject]) -> Iterator[Case]:
        """Every defacement page once as it is, and some of them in every other way too, each on one page."""
        every = kinds.replacing(self.corpus, self.side)
        pages = list(dict.fromkeys(map(kinds.page_of, every)))
        some = self.dice("replacement").sample(pages, min(self.limit or VARIED, len(pages)))
        places = self.targets("replacement", subjects)
        numbers = {page: number for number, page in enumerate(pages)}
        for name, kind in every.items():
            page = kinds.page_of(name)
            if self.wants(kind) and (page in some or not (kinds.is_varied(name) or self.limit)):
                subject, place = places[numbers[page] % len(places)]
                yield Case(subject.name, place, name)

    def targets(self, what: str, subjects: Sequence[Subject]) -> list[tuple[Subject, int]]:
        """Pages and versions of them that the profile has not seen, each family in its turn: in the first
        round one of each, and so on; those with css first in every round."""
        families: dict[str, list[tuple[Subject, int]]] = {}
        dice = self.dice("targets", what)
        for subject in subjects:
            places = [place for place in range(FIRST, len(subject.versions)) if _is_page(subject, place)]
            dice.shuffle(places)
            families.setdefault(subject.family, []).extend((subject, place) for place in places)
        for found in families.values():
            dice.shuffle(found)
        order = sorted(families)
        dice.shuffle(order)
        order.sort(key=lambda name: not any(s.css for s, _ in families[name]))
        longest = max(map(len, families.values()), default=0)
        return [families[name][i] for i in range(longest) for name in order if i < len(families[name])]


def _is_page(subject: Subject, place: int) -> bool:
    return subject.steps[place] in (ORDINARY, SIMULATED) and subject.size(place) <= LARGEST
