"""What is due when, who comes first and how many at once, and how much was done in time. Pure.

Moments and intervals are in seconds of one clock that never goes back.
"""

import heapq
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import count


class Errand(StrEnum):
    """What is done for a page: a probe, asking for what it is made of, a capture."""

    PROBE = "probe"
    REVALIDATE = "revalidate"
    RENDER = "render"


class Way(StrEnum):
    """Where errands wait, each with a lane of its own: those of one kind, and probes of which it is known
    that their document will have to be read in full. These wait before they fetch it: documents that wait
    take memory, and the probes of pages known by little need not wait for them."""

    PROBE = "probe"
    READ = "read"
    REVALIDATE = "revalidate"
    RENDER = "render"


@dataclass(frozen=True)
class Due:
    """An errand for a page, due at `at` and every so often. `weight` is how much sooner than others it comes
    when not all can come in time: 1 for most, more for the important, less for those that hardly answer.

    What is `urgent` comes before all that is not, however late. `then` is its own next time, where `at` is an
    occasion of its own before that. `full`: a probe that waits until its document can be read in full.
    `starved`: a capture that has waited for so long that it comes in turn with those that crowd the browser.
    """

    page: str
    errand: Errand
    every: float
    at: float
    weight: float = 1.0
    urgent: bool = False
    then: float | None = None
    full: bool = False
    starved: bool = False

    @property
    def way(self) -> Way:
        return Way.READ if self.full else Way(self.errand)

    @property
    def deadline(self) -> float:
        """By when it is to be done, where somebody has to wait: the sooner, the more it weighs."""
        return self.at + self.every / self.weight

    def late(self, now: float) -> float:
        return max(0.0, now - self.at)

    def missed(self, now: float) -> int:
        """How many whole intervals have passed since it was due."""
        return int(self.late(now) / self.every)

    def next(self, now: float) -> float:
        """When it is due again: at its own times, those that have passed left out."""
        if self.then is not None and self.then > now:
            return self.then
        own = self.at if self.then is None else self.then
        return own + self.every * (int(max(0.0, now - own) / self.every) + 1)

    def sooner(self, now: float) -> "Due":
        """The same at the next occasion, and then at its own times as ever: many that are brought forward at
        once would else come at once for good."""
        return self if self.at <= now else replace(self, at=now, then=self.at)

    def hurried(self, now: float) -> "Due":
        """The same at the next occasion and before all others."""
        return replace(self.sooner(now), urgent=True)


class Agenda:
    """Keeps what is due, by time; what is overdue waits by deadline (earliest deadline first, Liu and Layland
    1973), so that under a load that is too high the important and the late come before the others. The urgent
    does so among itself: by deadline alone it would wait for all of a round that is hours late."""

    def __init__(self) -> None:
        self._current: dict[tuple[str, Errand], Due] = {}
        self._coming: list[tuple[float, int, Due]] = []
        self._waiting: dict[Way, list[tuple[bool, float, int, Due]]] = {way: [] for way in Way}
        self._number = count()

    def __len__(self) -> int:
        return len(self._current)

    def put(self, due: Due) -> None:
        """Enter an errand, in place of the same for the same page."""
        self._current[due.page, due.errand] = due
        heapq.heappush(self._coming, (due.at, next(self._number), due))

    def drop(self, page: str, *errands: Errand) -> None:
        """Take errands of a page off; all of them where none is named."""
        for errand in errands or Errand:
            self._current.pop((page, errand), None)

    def get(self, page: str, errand: Errand) -> Due | None:
        return self._current.get((page, errand))

    def advance(self, now: float) -> None:
        """Let what has become due wait for its turn."""
        while self._coming and self._coming[0][0] <= now:
            _, number, due = heapq.heappop(self._coming)
            if self._is_current(due):
                heapq.heappush(self._waiting[due.way], (not due.urgent, due.deadline, number, due))

    def take(self, way: Way) -> Due | None:
        """The most urgent that waits, which is then on no list until it is put again; None: none does."""
        due = self.first(way)
        if due is not None:
            heapq.heappop(self._waiting[way])
            del self._current[due.page, due.errand]
        return due

    def first(self, way: Way) -> Due | None:
        """The most urgent that waits, which goes on waiting."""
        waiting = self._waiting[way]
        while waiting:
            due = waiting[0][-1]
            if self._is_current(due):
                return due
            heapq.heappop(waiting)
        return None

    def waiting(self, errand: Errand) -> Iterator[Due]:
        """What is overdue, in no order."""
        ways = (Way.PROBE, Way.READ) if errand is Errand.PROBE else (Way(errand),)
        return (due for way in ways for *_, due in self._waiting[way] if self._is_current(due))

    def _is_current(self, due: Due) -> bool:
        return self._current.get((due.page, due.errand)) is due


@dataclass
class Lane:
    """How many errands of a kind are under way. One that takes longer than `patience` seconds waits for
    somebody else's server and counts no longer among `at_once`, only among `most`."""

    at_once: int
    patience: float
    most: int
    active: int = 0
    running: int = 0

    @property
    def free(self) -> bool:
        return self.active < self.at_once and self.running < self.most


def lanes(browsers: int) -> dict[Way, Lane]:
    return {
        Way.PROBE: Lane(128, 2.0, 4000),
        Way.READ: Lane(32, 2.0, 2000),
        Way.REVALIDATE: Lane(32, 10.0, 400),
        Way.RENDER: Lane(4 * browsers, 10.0, 16 * browsers),
    }


@dataclass
class _Bucket:
    since: float
    seen: int = 0
    missed: int = 0


@dataclass
class Coverage:
    """How many looks that were due were made within their interval, in the last `window` seconds."""

    window: float = 300.0
    step: float = 10.0
    missed: int = 0  # ever
    _buckets: deque[_Bucket] = field(default_factory=deque)

    def note(self, now: float, *, seen: int = 0, missed: int = 0) -> None:
        self.missed += missed
        if not self._buckets or now - self._buckets[-1].since >= self.step:
            self._buckets.append(_Bucket(now))
        self._buckets[-1].seen += seen
        self._buckets[-1].missed += missed
        self._forget(now)

    def ratio(self, now: float, *, overdue: int = 0) -> float | None:
        """The share, 0 to 1; `overdue` are looks that have been missed by now and are still to be made. None
        where nothing was due, which says nothing."""
        self._forget(now)
        seen = sum(bucket.seen for bucket in self._buckets)
        missed = overdue + sum(bucket.missed for bucket in self._buckets)
        return seen / (seen + missed) if seen + missed else None

    def _forget(self, now: float) -> None:
        while self._buckets and now - self._buckets[0].since >= self.window:
            self._buckets.popleft()
