"""Who is told, and when: officers, shifts, escalation, raised watch. All rules take `now`, aware."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from defacewatch.deadlines import Response
from defacewatch.portals import Urgency
from defacewatch.raising import HolidayWatch, RaisedWatch, raised_on
from defacewatch.shifts import Absence, Rotation, Shift, turns_at
from defacewatch.shifttests import ShiftTest
from defacewatch.verdicts import VerdictKind


class Duty(StrEnum):
    """An officer's role."""

    OFFICER = "officer"
    SHIFT_LEAD = "shift_lead"
    LEADERSHIP = "leadership"
    ADMIN = "admin"
    OUTSIDE = "outside"  # a body outside the province's centre: told only where it is named


ROLES = tuple(role for role in Duty if role is not Duty.OUTSIDE)  # that an officer of the roster may have

# Besides a role, what an escalation step may name: all on duty, or those who are told first or besides.
ON_DUTY, PRIMARY, SECONDARY = "on_duty", "primary", "secondary"


@dataclass(frozen=True)
class Officer:
    """Somebody who can be told. `language` None means the configured one; `gateways` are the channels that
    take a telephone number."""

    key: str
    name: str
    role: Duty = Duty.OFFICER
    email: str | None = None
    telegram_user: int | None = None
    phone: str | None = None
    language: str | None = None
    gateways: tuple[str, ...] = ()

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels this officer can be reached on, in the order they are tried."""
        telegram = ("telegram",) if self.telegram_user is not None else ()
        return telegram + (("email",) if self.email else ()) + (self.gateways if self.phone else ())


@dataclass(frozen=True)
class Step:
    """One escalation step: `after` the alert without acknowledgement, tell `to` ('on_duty', a role, or an
    officer's key). It is for the `kinds` of alerts that it names; for all where it names none. With `every`
    the last step of a kind is taken again and again until somebody acknowledges."""

    after: timedelta
    to: str
    every: timedelta | None = None
    kinds: frozenset[str] = frozenset()


# Kinds of alerts that escalate besides, which are about the watch itself.
_ITSELF = ("blind", "behind")
KINDS = ("defaced", "changed", "unreachable", *_ITSELF)  # of alerts that a step may be for

DEFAULT_STEPS = (
    Step(timedelta(0), ON_DUTY),
    Step(timedelta(minutes=10), Duty.SHIFT_LEAD),
    Step(timedelta(minutes=30), Duty.LEADERSHIP, kinds=frozenset(("changed", "unreachable", *_ITSELF))),
    Step(timedelta(minutes=30), Duty.LEADERSHIP, timedelta(minutes=30), frozenset(("defaced",))),
)


@dataclass(frozen=True)
class Quiet:
    """Hours of the day (local) in which a `changed` that is not urgent waits until they end. They may go over
    midnight."""

    start: time
    end: time

    def holds(self, at: time) -> bool:
        if self.start < self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end


@dataclass(frozen=True)
class Roster:
    officers: tuple[Officer, ...] = ()
    shifts: tuple[Shift, ...] = ()
    escalation: tuple[Step, ...] = DEFAULT_STEPS
    raised_watch: tuple[RaisedWatch, ...] = ()
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Ho_Chi_Minh"))
    rotations: tuple[Rotation, ...] = ()
    absences: tuple[Absence, ...] = ()
    outside: tuple[Officer, ...] = ()
    holiday_watch: tuple[HolidayWatch, ...] = ()
    response: Response = field(default_factory=Response)
    quiet: Quiet | None = None
    shift_test: ShiftTest = field(default_factory=ShiftTest)

    def officer(self, key: str) -> Officer | None:
        """The officer, or the body outside, of this key."""
        return next((o for o in (*self.officers, *self.outside) if o.key == key), None)

    def with_gateways(self, channels: Iterable[str]) -> "Roster":
        """The same people, whom these channels reach by telephone number where they have one."""
        names = tuple(channels)
        if not names:
            return self
        people = [tuple(replace(o, gateways=names) for o in group) for group in (self.officers, self.outside)]
        return replace(self, officers=people[0], outside=people[1])

    def by_telegram(self, user: int) -> Officer | None:
        return next((o for o in self.officers if o.telegram_user == user), None)

    def with_role(self, role: str) -> tuple[Officer, ...]:
        return tuple(o for o in self.officers if o.role == role)


def on_duty(roster: Roster, now: datetime) -> tuple[Officer, ...]:
    """Who is on duty at `now`: those who are told first, in the order of the roster, then the others. Empty
    in a gap."""
    return _each(roster, (*_keys(roster, now, "officers"), *_keys(roster, now, "secondary")))


def primary(roster: Roster, now: datetime) -> tuple[Officer, ...]:
    """Who of those on duty is told first."""
    return _each(roster, _keys(roster, now, "officers"))


def secondary(roster: Roster, now: datetime) -> tuple[Officer, ...]:
    """Who is on duty besides."""
    return _each(roster, _keys(roster, now, "secondary"))


def leads(roster: Roster, now: datetime) -> tuple[Officer, ...]:
    """Who leads the shifts that run at `now`; where they name nobody, all shift leads."""
    named = _each(roster, [turn.lead for turn in turns_at(roster, now) if turn.lead is not None])
    return named or roster.with_role(Duty.SHIFT_LEAD)


def _keys(roster: Roster, now: datetime, which: str) -> list[str]:
    return [key for turn in turns_at(roster, now) for key in getattr(turn, which)]


def _each(roster: Roster, keys: Iterable[str]) -> tuple[Officer, ...]:
    found = (roster.officer(key) for key in dict.fromkeys(keys))
    return tuple(officer for officer in found if officer is not None)


def steps_for(roster: Roster, kind: str, at: datetime) -> tuple[Step, ...]:
    """The steps that an alert of this kind takes that was raised `at`, in order; all of them where none is
    for it. A raised watch makes them quicker."""
    own = tuple(step for step in roster.escalation if not step.kinds or kind in step.kinds)
    watch = raised(roster, at)
    quicker = 1.0 if watch is None else watch.hasten
    return tuple(
        replace(step, after=step.after / quicker, every=step.every / quicker if step.every else None)
        for step in own or roster.escalation
    )


def told_from(roster: Roster, kind: str, urgency: Urgency, at: datetime) -> datetime:
    """From when an alert that was raised `at` is told: at once, or after the quiet hours where it may wait.
    Only `changed` may, and not where it is urgent, nor in a raised watch. Its steps count from then."""
    there = at.astimezone(roster.zone)
    waits = roster.quiet is not None and kind == VerdictKind.CHANGED and urgency is Urgency.NORMAL
    if not waits or roster.quiet is None or not roster.quiet.holds(there.time()) or raised(roster, at):
        return at
    end = datetime.combine(there.date(), roster.quiet.end, roster.zone)
    end = end if end > there else end + timedelta(days=1)
    midnight = datetime.combine(end.date(), time(0), roster.zone)  # when a raised watch may begin
    if there < midnight < end and raised(roster, midnight):
        end = midnight
    return end.astimezone(UTC)


def step_of(steps: Sequence[Step], number: int) -> Step | None:
    """The step of this number, counted from 0; None where there is none. The last one may come again."""
    if number < len(steps):
        return steps[number]
    return steps[-1] if steps and steps[-1].every is not None else None


@dataclass(frozen=True)
class Due:
    """A step of an alert: its number, when it is due, whom it tells. Steps of the same time are one."""

    number: int
    at: datetime
    to: tuple[str, ...]


def step_after(
    steps: Sequence[Step],
    begins: datetime,
    reached: datetime | None,
    *,
    number: int = 0,
    now: datetime | None = None,
) -> Due | None:
    """The step that follows on the one that was due at `reached` (None: none was taken yet), for an alert
    whose steps count from `begins`; None where none does. It is found by its time, since the roster may be
    another by now; its number is at least `number`. What comes again does so for the first time after
    `now`."""
    later = [place for place, step in enumerate(steps) if reached is None or begins + step.after > reached]
    if later:
        after = steps[later[0]].after
        at_once = tuple(step.to for step in steps if step.after == after)
        return Due(max(later[0], number), begins + after, at_once)
    if not steps or steps[-1].every is None or reached is None:
        return None
    last, every = begins + steps[-1].after, steps[-1].every
    times = (max(reached, now or reached) - last) // every + 1
    return Due(max(len(steps) - 1 + times, number), last + times * every, (steps[-1].to,))


def due_of(steps: Sequence[Step], number: int, at: datetime) -> datetime | None:
    """When the step of this number is due for an alert that was raised `at`; None where there is none."""
    step = step_of(steps, number)
    if step is None:
        return None
    again = number - len(steps) + 1
    return at + step.after + (again * step.every if step.every is not None and again > 0 else timedelta(0))


def recipients(roster: Roster, to: str, now: datetime) -> tuple[Officer, ...]:
    """Who a step's `to` means at `now`. A gap falls to the shift lead, then leadership, then everybody:
    never to nobody while the roster has one officer."""
    if to in _GROUPS:
        asked = _GROUPS[to](roster, now)
    else:
        named = roster.officer(to)
        asked = (named,) if named is not None else roster.with_role(to)
    return asked or leads(roster, now) or roster.with_role(Duty.LEADERSHIP) or roster.officers


def stand_ins(roster: Roster, failed: Sequence[str], now: datetime) -> tuple[Officer, ...]:
    """The next officers to try when those with the keys `failed` could not be reached on any channel:
    others on duty, then shift leads, leadership, everybody else; one group, empty when all were tried."""
    groups = (
        on_duty(roster, now),
        leads(roster, now),
        roster.with_role(Duty.SHIFT_LEAD),
        roster.with_role(Duty.LEADERSHIP),
        roster.officers,
    )
    for group in groups:
        left = tuple(o for o in group if o.key not in failed and o.channels)
        if left:
            return left
    return ()


def raised(roster: Roster, now: datetime) -> RaisedWatch | None:
    """The raised watch that `now` falls in; of several, the one with the shortest probe interval."""
    return raised_on(roster.raised_watch, roster.holiday_watch, now.astimezone(roster.zone).date())


_GROUPS: Mapping[str, Callable[[Roster, datetime], tuple[Officer, ...]]] = {
    ON_DUTY: on_duty,
    PRIMARY: primary,
    SECONDARY: secondary,
    Duty.SHIFT_LEAD: leads,
}
