"""Who stands watch when: weekly shifts, rotating teams (kíp), dated overrides, leave and swaps.

Times of day are local; moments are aware. Nothing here knows people but by their keys.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import combinations, pairwise
from typing import Protocol
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Team:
    """A team (kíp) by keys of officers: who is told first, who besides, and who leads it."""

    key: str
    name: str
    officers: tuple[str, ...]
    secondary: tuple[str, ...] = ()
    lead: str | None = None


@dataclass(frozen=True)
class Shift:
    """Officers (by key) for a time of day, those in `secondary` besides them. Weekly when `days` (0 = Monday)
    is set; otherwise for the dates `first`..`last`, overriding the regular pattern while it runs.
    `end` <= `start` ends on the next day."""

    officers: tuple[str, ...]
    start: time
    end: time
    days: frozenset[int] = frozenset()
    first: date | None = None
    last: date | None = None
    secondary: tuple[str, ...] = ()
    lead: str | None = None
    name: str = ""
    team: str | None = None

    @property
    def dated(self) -> bool:
        return self.first is not None

    def begins_on(self, day: date) -> bool:
        if self.first is not None:
            return self.first <= day <= (self.last or self.first)
        return day.weekday() in self.days


@dataclass(frozen=True)
class Slot:
    """A time of the day that the teams of a rotation take in turn."""

    name: str
    start: time
    end: time


@dataclass(frozen=True)
class Rotation:
    """Teams that take turns. On the day `first` the first team has the first slot, the second the second, and
    so on; teams beyond the slots are off. Every `every` days each team moves on by one slot."""

    teams: tuple[Team, ...]
    slots: tuple[Slot, ...]
    first: date
    every: int = 1
    last: date | None = None

    def team_of(self, slot: int, day: date) -> Team | None:
        """Who has a slot that begins on that day; None where the rotation does not run then."""
        if day < self.first or (self.last is not None and day > self.last):
            return None
        moved = (day - self.first).days // self.every
        place = (slot - moved) % len(self.teams)
        return self.teams[place]


@dataclass(frozen=True)
class Absence:
    """An officer (by key) who is away, from `start` to before `end`, and who stands in: leave, or one half of
    a swap. `id` is 0 where it stands in a file."""

    officer: str
    start: datetime
    end: datetime
    instead: str | None = None
    reason: str = ""
    id: int = 0

    def covers(self, moment: datetime) -> bool:
        return self.start <= moment < self.end


@dataclass(frozen=True)
class Entered:
    """An absence as it was entered: by whom, when, with which other (the two halves of a swap), and who has
    withdrawn it."""

    absence: Absence
    by: str
    at: datetime
    swap: int | None = None
    withdrawn_by: str | None = None
    withdrawn_at: datetime | None = None


@dataclass(frozen=True)
class Turn:
    """A stretch of duty: who is told first, who besides, who leads, and who should be there but is away."""

    start: datetime
    end: datetime
    name: str
    officers: tuple[str, ...]
    secondary: tuple[str, ...] = ()
    lead: str | None = None
    team: str | None = None
    dated: bool = False
    away: tuple[str, ...] = ()

    @property
    def people(self) -> tuple[str, ...]:
        """All of them, those who are told first in front."""
        return tuple(dict.fromkeys((*self.officers, *self.secondary)))


class Pattern(Protocol):
    """What turns are made of; a roster is one."""

    @property
    def shifts(self) -> Sequence[Shift]: ...
    @property
    def rotations(self) -> Sequence[Rotation]: ...
    @property
    def absences(self) -> Sequence[Absence]: ...
    @property
    def zone(self) -> ZoneInfo: ...


def turns_at(pattern: Pattern, now: datetime) -> tuple[Turn, ...]:
    """The turns that run at `now`, as they are staffed then; dated ones override the regular pattern."""
    today = now.astimezone(pattern.zone).date()
    spans = list(_spans(pattern, today - timedelta(days=1), today))
    return tuple(_staffed(turn, pattern.absences, now) for turn in _running(spans, now))


def turns(pattern: Pattern, start: datetime, end: datetime) -> tuple[Turn, ...]:
    """All turns between two moments, by start, cut where somebody else takes over and at the two moments."""
    first, last = (moment.astimezone(pattern.zone).date() for moment in (start, end))
    spans = sorted(_spans(pattern, first - timedelta(days=1), last), key=lambda turn: turn.start)
    edges = {start, end, *(edge for span in spans for edge in (span.start, span.end))}
    edges |= {edge for absence in pattern.absences for edge in (absence.start, absence.end)}
    times = sorted(edge for edge in edges if start <= edge <= end)
    found: list[Turn] = []
    open_: dict[Turn, Turn] = {}  # the stretch that each span is in
    waiting, near = iter(spans), list[Turn]()
    upcoming = next(waiting, None)
    for here, there in pairwise(times):
        while upcoming is not None and upcoming.start <= here:
            near.append(upcoming)
            upcoming = next(waiting, None)
        near = [span for span in near if span.end > here]
        stretches: dict[Turn, Turn] = {}
        for span in _running(near, here):
            now = replace(_staffed(span, pattern.absences, here), start=here, end=there)
            before = open_.get(span)
            if before is not None and replace(before, start=here, end=there) == now:
                now = replace(before, end=there)
                found[found.index(before)] = now
            else:
                found.append(now)
            stretches[span] = now
        open_ = stretches
    return tuple(sorted(found, key=lambda turn: (turn.start, turn.end, turn.name)))


def gaps(pattern: Pattern, start: datetime, end: datetime) -> tuple[tuple[datetime, datetime], ...]:
    """The times between `start` and `end` when nobody is on duty, as (from, to), local, in order."""
    here, last = start.astimezone(pattern.zone), end.astimezone(pattern.zone)
    found: list[tuple[datetime, datetime]] = []
    for turn in turns(pattern, here, last):
        if not turn.people:
            continue
        if turn.start > here:
            found.append((here, turn.start.astimezone(pattern.zone)))
        here = max(here, turn.end.astimezone(pattern.zone))
    if here < last:
        found.append((here, last))
    return tuple(found)


def double_bookings(pattern: Pattern, start: datetime, end: datetime) -> tuple[tuple[str, Turn, Turn], ...]:
    """Officers who stand in two turns at once: the officer, and both."""
    every = turns(pattern, start, end)
    return tuple(
        (officer, one, other)
        for one, other in combinations(every, 2)
        if one.start < other.end and other.start < one.end
        for officer in one.people
        if officer in other.people
    )


def _spans(pattern: Pattern, first: date, last: date) -> Iterator[Turn]:
    """Every turn that begins on one of these days, as it stands in the roster."""
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        for shift in pattern.shifts:
            if shift.begins_on(day):
                start, end = _span(day, shift.start, shift.end, pattern.zone)
                people = (shift.officers, shift.secondary, shift.lead, shift.team)
                yield Turn(start, end, shift.name, *people, dated=shift.dated)
        for rotation in pattern.rotations:
            for number, slot in enumerate(rotation.slots):
                team = rotation.team_of(number, day)
                if team is not None:
                    start, end = _span(day, slot.start, slot.end, pattern.zone)
                    yield Turn(start, end, slot.name, team.officers, team.secondary, team.lead, team.key)


def _span(day: date, start: time, end: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    until = day if end > start else day + timedelta(days=1)
    return datetime.combine(day, start, tzinfo=zone), datetime.combine(until, end, tzinfo=zone)


def _running(spans: Sequence[Turn], now: datetime) -> list[Turn]:
    running = [span for span in spans if span.start <= now < span.end]
    return [span for span in running if span.dated] or running


def _staffed(turn: Turn, absences: Sequence[Absence], now: datetime) -> Turn:
    """A turn with those who stand in at `now`. Where nobody is left to be told first, the others are."""
    away = {absence.officer: absence.instead for absence in absences if absence.covers(now)}
    if not away.keys() & {*turn.people, turn.lead}:
        return turn
    officers = _present(turn.officers, away)
    secondary = tuple(key for key in _present(turn.secondary, away) if key not in officers)
    lead = _present((turn.lead,), away) if turn.lead else ()
    return replace(
        turn,
        officers=officers or secondary,
        secondary=secondary if officers else (),
        lead=lead[0] if lead else None,
        away=tuple(key for key in turn.people if key in away),
    )


def _present(keys: Sequence[str], away: dict[str, str | None]) -> tuple[str, ...]:
    """These officers, each who is away replaced by whoever stands in, who may be away as well."""
    found: dict[str, None] = {}
    for key in keys:
        here: str | None = key
        for _ in range(len(away)):
            if here is None or here not in away:
                break
            here = away[here]
        if here is not None and here not in away:
            found[here] = None
    return tuple(found)
