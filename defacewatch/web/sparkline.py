"""The last day of a page as a small line: what it was in each quarter of an hour, how long checks took."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from defacewatch.store import Store
from defacewatch.store.wall import SLOT, Moment, WallPage
from defacewatch.verdicts import VerdictKind
from defacewatch.web.filters import rank_of, verdict_name
from defacewatch.web.words import WORST_FIRST

DAY = timedelta(days=1)
SLOTS = DAY // SLOT
MOST = 10_000  # lines that are remembered
HIGH = 14.0  # of the line of times, in its own units; the strip of verdicts is below
_SECONDS = int(SLOT.total_seconds())


@dataclass(frozen=True)
class Run:
    """So many quarters of an hour with one verdict."""

    start: int
    length: int
    verdict: str


@dataclass(frozen=True)
class Sparkline:
    """`runs` of verdicts; `points` of the line of times, as SVG has them ('' without two of them); the
    `longest` time, in seconds; the `worst` verdict of the day, None when nothing was kept."""

    runs: tuple[Run, ...] = ()
    points: str = ""
    longest: float = 0.0
    worst: VerdictKind | None = None


def since(now: datetime) -> datetime:
    """The beginning of the day that a line made `now` shows."""
    return datetime.fromtimestamp((_slot(now) - SLOTS + 1) * _SECONDS, now.tzinfo)


def sparkline(moments: Sequence[Moment], now: datetime, checked_at: datetime | None) -> Sparkline:
    """The line of the day until `now`; after a page was last checked nothing is known of it."""
    first = _slot(now) - SLOTS + 1
    until = SLOTS if checked_at is None else min(SLOTS, _slot(checked_at) - first + 1)
    shown: list[int | None] = [None] * SLOTS  # ranks: the lower, the worse
    times: dict[int, float] = {}
    last, at = None, 0
    for moment in moments:
        place = moment.slot - first
        if not 0 <= place < SLOTS:
            continue
        rank = rank_of(moment.verdict)
        if last is not None and at < place:
            shown[at:place] = [last] * (place - at)
        known = shown[place] if shown[place] is not None else last
        shown[place] = rank if known is None else min(rank, known)
        if moment.elapsed > times.get(place, 0.0):
            times[place] = moment.elapsed
        last, at = rank, place + 1
    if last is not None and at < until:
        shown[at:until] = [last] * (until - at)
    longest = max(times.values(), default=0.0)
    worst = min((rank for rank in shown if rank is not None), default=None)
    kind = None if worst is None else WORST_FIRST[worst]
    return Sparkline(_runs(shown), _points(times, longest), longest, kind)


def _runs(shown: Sequence[int | None]) -> tuple[Run, ...]:
    runs: list[Run] = []
    start = 0
    for rank, some in groupby(shown):
        length = len(list(some))
        if rank is not None:
            runs.append(Run(start, length, verdict_name(WORST_FIRST[rank])))
        start += length
    return tuple(runs)


def _points(times: dict[int, float], longest: float) -> str:
    if len(times) < 2 or not longest:
        return ""
    return " ".join(f"{slot},{HIGH - 1 - (HIGH - 2) * times[slot] / longest:.1f}" for slot in sorted(times))


def _slot(moment: datetime) -> int:
    return int(moment.timestamp()) // _SECONDS


class Sparklines:
    """The lines of pages, made again when a quarter of an hour is over or a check was kept."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._made: dict[str, tuple[object, Sparkline]] = {}

    async def of(self, pages: Sequence[WallPage], now: datetime) -> Mapping[str, Sparkline]:
        """The lines of these pages, by their ids, in one query at most."""
        stamps = {page.page: (_slot(now), page.captured_at, page.face) for page in pages}
        old = [page for page in pages if self._stamp(page.page) != stamps[page.page]]
        found = {page: self._made[page][1] for page in stamps if self._stamp(page) == stamps[page]}
        days = await self._store.wall.days([page.page for page in old], since(now))
        if len(self._made) > MOST:
            self._made.clear()
        for page in old:
            line = sparkline(days.get(page.page, ()), now, page.checked_at)
            self._made[page.page] = stamps[page.page], line
            found[page.page] = line
        return found

    def _stamp(self, page: str) -> object:
        return self._made[page][0] if page in self._made else None
