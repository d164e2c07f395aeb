"""What is due when, who comes first when not all can come at once, and how much was done in time. Pure.

Moments and intervals are in seconds of one clock that never goes back.
"""

import heapq
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count


class Errand(StrEnum):
    """What is done for a page: a probe, asking for what it is made of, a capture."""

    PROBE = "probe"
    REVALIDATE = "revalidate"
    RENDER = "render"


@dataclass(frozen=True)
class Due:
    """An errand for a page, due at `at` and every so often. `weight` is how much sooner than others it comes
    when not all can come in time: 1 for most, more for the important, less for those that hardly answer."""

    page: str
    errand: Errand
    every: float
    at: float
    weight: float = 1.0

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
        return self.at + self.every * (self.missed(now) + 1)


class Agenda:
    """Keeps what is due, by time; what is overdue waits by deadline (earliest deadline first, Liu and Layland
    1973), so that under a load that is too high the important and the late come before the others."""

    def __init__(self) -> None:
        self._current: dict[tuple[str, Errand], Due] = {}
        self._coming: list[tuple[float, int, Due]] = []
        self._waiting: dict[Errand, list[tuple[float, int, Due]]] = {errand: [] for errand in Errand}
        self._number = count()

    def __len__(self) -> int:
        return len(self._current)

    def put(self, due: Due) -> None:
        """Enter an errand, in place of the same for the same page."""
        self._current[due.page, due.errand] = due
        heapq.heappush(self._coming, (due.at, next(self._number), due))

    def drop(self, page: str) -> None:
        for errand in Errand:
            self._current.pop((page, errand), None)

    def get(self, page: str, errand: Errand) -> Due | None:
        return self._current.get((page, errand))

    def advance(self, now: float) -> None:
        """Let what has become due wait for its turn."""
        while self._coming and self._coming[0][0] <= now:
            _, number, due = heapq.heappop(self._coming)
            if self._is_current(due):
                heapq.heappush(self._waiting[due.errand], (due.deadline, number, due))

    def take(self, errand: Errand) -> Due | None:
        """The most urgent that waits, which is then on no list until it is put again; None: none does."""
        waiting = self._waiting[errand]
        while waiting:
            _, _, due = heapq.heappop(waiting)
            if self._is_current(due):
                del self._current[due.page, due.errand]
                return due
        return None

    def waiting(self, errand: Errand) -> Iterator[Due]:
        """What is overdue, in no order."""
        return (due for _, _, due in self._waiting[errand] if self._is_current(due))

    def _is_current(self, due: Due) -> bool:
        return self._current.get((due.page, due.errand)) is due


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

    def ratio(self, now: float, *, overdue: int = 0) -> float:
        """The share, 0 to 1; `overdue` are looks that have been missed by now and are still to be made. 1
        where nothing was due."""
        self._forget(now)
        seen = sum(bucket.seen for bucket in self._buckets)
        missed = overdue + sum(bucket.missed for bucket in self._buckets)
        return seen / (seen + missed) if seen + missed else 1.0

    def _forget(self, now: float) -> None:
        while self._buckets and now - self._buckets[0].since >= self.window:
            self._buckets.popleft()
