"""How drills went, and what comes of them by shift and month."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from statistics import median
from zoneinfo import ZoneInfo

from defacewatch.shifts import Pattern, turns_at


@dataclass(frozen=True)
class Watch:
    """Who stood watch: the shift by name ('07:00–15:00' where it has none), its team, its officers by key."""

    shift: str = ""
    team: str | None = None
    officers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Told:
    """A message of a drill that got through, and how long after the attack."""

    channel: str
    officer: str | None
    after: timedelta


@dataclass(frozen=True)
class Drilled:
    """How a drill went: times are since the attack began (None: it has not happened).

    `detected`: the alert was raised. `told`: each message for which its provider gave a receipt, the first
    one first. `received`: everybody whom the first step asked had a receipt on one channel at least. `over`:
    somebody acknowledged, or the drill was ended.
    """

    incident: int
    portal: str
    began: datetime
    detected: timedelta | None
    told: tuple[Told, ...]
    received: timedelta | None
    acknowledged_by: str | None
    acknowledged: timedelta | None
    over: bool = True
    watch: Watch = Watch()

    @property
    def sent(self) -> timedelta | None:
        """When the first message had its receipt."""
        return self.told[0].after if self.told else None


@dataclass(frozen=True)
class Spread:
    """Half of the drills were as quick as `p50`; the slowest took `longest`. Those to which it never happened
    are not in it."""

    p50: timedelta
    longest: timedelta


@dataclass(frozen=True)
class Row:
    """The drills of one shift in one month ('2026-11'), or of all (`total`)."""

    month: str
    watch: Watch
    total: bool
    drills: int
    unreceived: int
    unacknowledged: int
    detected: Spread | None
    sent: Spread | None
    received: Spread | None
    acknowledged: Spread | None


def watch_at(pattern: Pattern, now: datetime) -> Watch:
    """Who stands watch; nobody in a gap."""
    running = turns_at(pattern, now)
    people = tuple(dict.fromkeys(key for turn in running for key in turn.people))
    teams = dict.fromkeys(turn.team for turn in running if turn.team)
    named = dict.fromkeys(
        turn.name or f"{turn.start:%H:%M}–{turn.end:%H:%M}"
        for turn in running  # local, as turns are
    )
    return Watch(", ".join(named), ", ".join(teams) or None, people)


def report(drills: Iterable[Drilled], zone: ZoneInfo) -> Iterator[Row]:
    """The rows of all drills that are over: by month, in it by shift and team, and the month's total last."""
    over = sorted((one for one in drills if one.over), key=lambda one: one.began)
    for month, some in groupby(over, key=lambda one: f"{one.began.astimezone(zone):%Y-%m}"):
        every = list(some)
        shifts: dict[tuple[str, str], list[Drilled]] = {}
        for one in every:
            shifts.setdefault((one.watch.shift, one.watch.team or ""), []).append(one)
        for (shift, team), its in sorted(shifts.items()):
            yield _row(month, Watch(shift, team or None, _officers(its)), its)
        yield _row(month, Watch(officers=_officers(every)), every, total=True)


def _row(month: str, watch: Watch, drills: Sequence[Drilled], *, total: bool = False) -> Row:
    return Row(
        month,
        watch,
        total,
        len(drills),
        sum(one.received is None for one in drills),
        sum(one.acknowledged is None for one in drills),
        _spread(drills, lambda one: one.detected),
        _spread(drills, lambda one: one.sent),
        _spread(drills, lambda one: one.received),
        _spread(drills, lambda one: one.acknowledged),
    )


def _officers(drills: Iterable[Drilled]) -> tuple[str, ...]:
    return tuple(sorted({key for one in drills for key in one.watch.officers}))


def _spread(drills: Iterable[Drilled], which: Callable[[Drilled], timedelta | None]) -> Spread | None:
    found = [span for one in drills if (span := which(one)) is not None]
    if not found:
        return None
    middle = median(span.total_seconds() for span in found)
    return Spread(timedelta(seconds=middle), max(found))
