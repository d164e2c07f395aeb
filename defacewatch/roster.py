"""Who is told, and when: officers, shifts, escalation, raised watch. All rules take `now`, aware."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo


class Duty(StrEnum):
    """An officer's role."""

    OFFICER = "officer"
    SHIFT_LEAD = "shift_lead"
    LEADERSHIP = "leadership"
    ADMIN = "admin"


ON_DUTY = "on_duty"  # besides a role, what an escalation step may name


@dataclass(frozen=True)
class Officer:
    """Somebody who can be told. `language` None means the configured one."""

    key: str
    name: str
    role: Duty = Duty.OFFICER
    email: str | None = None
    telegram_user: int | None = None
    phone: str | None = None
    language: str | None = None

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels this officer can be reached on, in the order they are tried."""
        telegram = ("telegram",) if self.telegram_user is not None else ()
        return telegram + (("email",) if self.email else ())


@dataclass(frozen=True)
class Shift:
    """Officers (by key) for a time of day. Weekly when `days` (0 = Monday) is set; otherwise for the dates
    `first`..`last`, overriding the weekly pattern while it runs. `end` <= `start` ends on the next day."""

    officers: tuple[str, ...]
    start: time
    end: time
    days: frozenset[int] = frozenset()
    first: date | None = None
    last: date | None = None

    def begins_on(self, day: date) -> bool:
        if self.first is not None:
            return self.first <= day <= (self.last or self.first)
        return day.weekday() in self.days


@dataclass(frozen=True)
class Step:
    """One escalation step: `after` the alert without acknowledgement, tell `to` ('on_duty', a role, or an
    officer's key)."""

    after: timedelta
    to: str


@dataclass(frozen=True)
class RaisedWatch:
    """A period of dates (inclusive, local) with shorter intervals."""

    name: str
    first: date
    last: date
    probe_every: timedelta | None = None
    render_every: timedelta | None = None


DEFAULT_STEPS = (
    Step(timedelta(0), ON_DUTY),
    Step(timedelta(minutes=10), Duty.SHIFT_LEAD),
    Step(timedelta(minutes=30), Duty.LEADERSHIP),
)


@dataclass(frozen=True)
class Roster:
    officers: tuple[Officer, ...] = ()
    shifts: tuple[Shift, ...] = ()
    escalation: tuple[Step, ...] = DEFAULT_STEPS
    raised_watch: tuple[RaisedWatch, ...] = ()
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Ho_Chi_Minh"))

    def officer(self, key: str) -> Officer | None:
        return next((o for o in self.officers if o.key == key), None)

    def by_telegram(self, user: int) -> Officer | None:
        return next((o for o in self.officers if o.telegram_user == user), None)

    def with_role(self, role: str) -> tuple[Officer, ...]:
        return tuple(o for o in self.officers if o.role == role)


def _spans(roster: Roster, shift: Shift, around: date) -> Iterator[tuple[datetime, datetime]]:
    """The shift's spans that begin on the day before, on, or after `around`."""
    for offset in (-1, 0, 1):
        day = around + timedelta(days=offset)
        if not shift.begins_on(day):
            continue
        until = day if shift.end > shift.start else day + timedelta(days=1)
        yield (
            datetime.combine(day, shift.start, tzinfo=roster.zone),
            datetime.combine(until, shift.end, tzinfo=roster.zone),
        )


def shifts_at(roster: Roster, now: datetime) -> tuple[Shift, ...]:
    """The shifts that run at `now`; dated ones override the weekly pattern."""
    local = now.astimezone(roster.zone)
    running = [
        shift
        for shift in roster.shifts
        if any(start <= local < end for start, end in _spans(roster, shift, local.date()))
    ]
    dated = [shift for shift in running if shift.first is not None]
    return tuple(dated or running)


def on_duty(roster: Roster, now: datetime) -> tuple[Officer, ...]:
    """Who is on duty at `now`, in the order of the roster file; empty in a gap."""
    keys = [key for shift in shifts_at(roster, now) for key in shift.officers]
    found = (roster.officer(key) for key in dict.fromkeys(keys))
    return tuple(officer for officer in found if officer is not None)


def recipients(roster: Roster, to: str, now: datetime) -> tuple[Officer, ...]:
    """Who a step's `to` means at `now`. A gap falls to the shift lead, then leadership, then everybody:
    never to nobody while the roster has one officer."""
    if to == ON_DUTY:
        asked: tuple[Officer, ...] = on_duty(roster, now)
    else:
        named = roster.officer(to)
        asked = (named,) if named is not None else roster.with_role(to)
    return asked or roster.with_role(Duty.SHIFT_LEAD) or roster.with_role(Duty.LEADERSHIP) or roster.officers


def stand_ins(roster: Roster, failed: Sequence[str], now: datetime) -> tuple[Officer, ...]:
    """The next officers to try when those with the keys `failed` could not be reached on any channel:
    others on duty, then shift leads, leadership, everybody else; one group, empty when all were tried."""
    groups = (
        on_duty(roster, now),
        roster.with_role(Duty.SHIFT_LEAD),
        roster.with_role(Duty.LEADERSHIP),
        roster.officers,
    )
    for group in groups:
        left = tuple(o for o in group if o.key not in failed and o.channels)
        if left:
            return left
    return ()


def gaps(roster: Roster, start: datetime, end: datetime) -> tuple[tuple[datetime, datetime], ...]:
    """The times between `start` and `end` when nobody is on duty, as (from, to), local, in order."""
    first, last = start.astimezone(roster.zone), end.astimezone(roster.zone)
    edges = {first, last}
    day = first.date()
    while day <= last.date():
        for shift in roster.shifts:
            edges.update(edge for span in _spans(roster, shift, day) for edge in span)
        day += timedelta(days=1)
    times = sorted(edge for edge in edges if first <= edge <= last)
    found: list[tuple[datetime, datetime]] = []
    for here, there in pairwise(times):
        if on_duty(roster, here):
            continue
        if found and found[-1][1] == here:
            found[-1] = (found[-1][0], there)
        else:
            found.append((here, there))
    return tuple(found)


def raised(roster: Roster, now: datetime) -> RaisedWatch | None:
    """The raised watch that `now` falls in; of several, the one with the shortest probe interval."""
    today = now.astimezone(roster.zone).date()
    running = [watch for watch in roster.raised_watch if watch.first <= today <= watch.last]
    return min(running, key=lambda w: w.probe_every or timedelta.max, default=None)
