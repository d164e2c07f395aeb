"""Which portals a wall shows: what the reader chose, kept in the address alone."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol
from urllib.parse import urlencode

from defacewatch.incidents import State
from defacewatch.store.wall import WallPage
from defacewatch.verdicts import VerdictKind
from defacewatch.web.words import WORST_FIRST

TILES, ROWS = "tiles", "rows"
SHOWN = {TILES: 60, ROWS: 100}  # at once: what keeps a page below 500 KB and quick to draw
LONGEST = 120  # characters of anything in the address
NONE = "none"  # how the address calls the verdict of what was not checked yet


class Kept(Protocol):
    """What filters look at: of a page, or of a portal."""

    @property
    def portal(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def owner(self) -> str | None: ...
    @property
    def operator(self) -> str | None: ...
    @property
    def level(self) -> int | None: ...
    @property
    def critical(self) -> bool: ...
    @property
    def tags(self) -> Sequence[str]: ...


@dataclass(frozen=True)
class Filters:
    """What an address asks for. Empty means: all of them. `page` counts from 1."""

    view: str = TILES
    q: str = ""
    owner: str = ""
    operator: str = ""
    level: str = ""
    tag: str = ""
    critical: bool = False
    verdict: str = ""
    page: int = 1

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Filters":
        """What `query` says, as far as it makes sense."""
        number, level = query.get("page", ""), query.get("level", "")
        kind = query.get("verdict", "")
        return cls(
            view=ROWS if query.get("view") == ROWS else TILES,
            q=query.get("q", "").strip()[:LONGEST],
            owner=query.get("owner", "")[:LONGEST],
            operator=query.get("operator", "")[:LONGEST],
            level=level if level in ("1", "2", "3", "4", "5") else "",
            tag=query.get("tag", "")[:LONGEST],
            critical=query.get("critical") == "1",
            verdict=kind if kind in {verdict_name(known) for known in WORST_FIRST} else "",
            page=int(number) if number.isascii() and number.isdigit() and 0 < len(number) < 6 else 1,
        )

    @property
    def narrow(self) -> bool:
        """Whether they leave anything out."""
        return replace(self, view=TILES, page=1) != Filters()

    def address(self, path: str = "/", **changes: object) -> str:
        """Where these filters lead, with some of them changed; on the first page unless `page` is given."""
        asked = replace(self, page=1)
        asked = replace(asked, **changes)  # type: ignore[arg-type]
        usual = Filters()
        said = {
            name: "1" if value is True else str(value)
            for name in usual.__dataclass_fields__
            if (value := getattr(asked, name)) != getattr(usual, name)
        }
        return f"{path}?{urlencode(said)}" if said else path

    def keeps(self, page: Kept) -> bool:
        """Whether a page is among those asked for, whatever its verdict."""
        return (
            (not self.owner or page.owner == self.owner)
            and (not self.operator or page.operator == self.operator)
            and (not self.level or str(page.level) == self.level)
            and (not self.tag or self.tag in page.tags)
            and (not self.critical or page.critical)
            and (not self.q or self._is_found(page))
        )

    def _is_found(self, page: Kept) -> bool:
        text = folded(
            " ".join((page.name, page.url, page.portal, page.owner or "", page.operator or "", *page.tags))
        )
        return all(word in text for word in folded(self.q).split())


@dataclass(frozen=True)
class Seat:
    """One place on the wall: a portal with its pages, the worst first; in rows a single page."""

    key: str
    pages: tuple[WallPage, ...]

    @property
    def page(self) -> WallPage:
        return self.pages[0]

    @property
    def rank(self) -> tuple[bool, int, bool, bool, str, str]:
        """Worst first, paused ones last; then what nobody has taken, then critical ones."""
        page = self.page
        waiting = page.incident_state is None or page.incident_state != "open"
        return page.paused, rank_of(page.worst), waiting, not page.critical, page.name, self.key


@dataclass(frozen=True)
class Choice:
    """What is shown of a wall: the seats on this page of it, how many there are by verdict (of all that the
    other filters keep), and of how many pages this is which."""

    seats: tuple[Seat, ...]
    counts: Mapping[VerdictKind | None, int]
    kept: int
    page: int
    last: int


def choose(pages: Iterable[WallPage], filters: Filters) -> Choice:
    """What `filters` leave of `pages`, worst first."""
    kept = [page for page in pages if filters.keeps(page)]
    seats = _by_page(kept) if filters.view == ROWS else _by_portal(kept)
    counted = Counter(seat.page.worst for seat in seats)
    counts = {kind: counted[kind] for kind in WORST_FIRST if counted[kind]}
    if filters.verdict:
        seats = [seat for seat in seats if verdict_name(seat.page.worst) == filters.verdict]
    seats.sort(key=lambda seat: seat.rank)
    size = SHOWN[filters.view]
    last = max(1, -(-len(seats) // size))
    number = min(filters.page, last)
    return Choice(tuple(seats[(number - 1) * size : number * size]), counts, len(seats), number, last)


def verdict_name(kind: VerdictKind | None) -> str:
    return NONE if kind is None else kind.value


def rank_of(kind: VerdictKind | None) -> int:
    return _RANKS[kind]


_RANKS = {kind: number for number, kind in enumerate(WORST_FIRST)}


def options(values: Iterable[str | None]) -> Sequence[str]:
    """What can be chosen from, in order and once each."""
    return sorted({value for value in values if value})


@lru_cache(maxsize=16384)  # a search asks the same of every page again, at each look
def folded(text: str) -> str:
    """`text` as somebody types who is in a hurry: small letters without marks."""
    plain = unicodedata.normalize("NFD", text.casefold()).replace("đ", "d")
    return "".join(char for char in plain if not unicodedata.combining(char))


def _by_page(pages: Iterable[WallPage]) -> list[Seat]:
    return [Seat(f"r-{page.page}", (page,)) for page in pages]


def _by_portal(pages: Iterable[WallPage]) -> list[Seat]:
    theirs: dict[str, list[WallPage]] = {}
    for page in pages:
        theirs.setdefault(page.portal, []).append(page)
    return [
        Seat(f"t-{portal}", tuple(sorted(some, key=_first_of_its_portal) if len(some) > 1 else some))
        for portal, some in theirs.items()
    ]


def _first_of_its_portal(page: WallPage) -> tuple[int, bool, int]:
    """The worst in front; then the incident that waits, the latest of them."""
    return rank_of(page.worst), page.incident_state != State.OPEN, -(page.incident or 0)
