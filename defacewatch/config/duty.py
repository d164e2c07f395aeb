"""roster.yaml: officers, shifts, escalation, raised watch."""

from collections.abc import Iterator
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from defacewatch.config.documents import Document, Problem
from defacewatch.config.fields import (
    Day,
    Email,
    End,
    Interval,
    Key,
    Language,
    Role,
    Section,
    Start,
    Text,
    Wait,
    Weekday,
    Word,
    whole,
)
from defacewatch.config.problems import validate
from defacewatch.roster import DEFAULT_STEPS, ON_DUTY, Duty, Officer, RaisedWatch, Roster, Shift, Step

_GROUPS = (ON_DUTY, *Duty)


class OfficerEntry(Section):
    key: Key
    name: Text
    role: Role = Duty.OFFICER
    email: Email | None = None
    telegram_user: Annotated[int, whole(1, 2**52)] | None = None
    phone: Text | None = None
    language: Language | None = None


class ShiftEntry(Section):
    """Weekly with `days`; for one `date`, or `from_date`..`to_date`, it overrides the weekly pattern."""

    officers: Annotated[tuple[Word, ...], Field(min_length=1)]
    days: tuple[Weekday, ...] | None = Field(default=None, min_length=1)
    date: Day | None = None
    from_date: Day | None = None
    to_date: Day | None = None
    start: Start = Field(alias="from")
    end: End = Field(alias="to")

    @model_validator(mode="after")
    def _when(self) -> "ShiftEntry":
        dated = self.from_date is not None or self.to_date is not None
        if (self.days is not None) + (self.date is not None) + dated != 1:
            raise ValueError("expected either days, or date, or from_date and to_date")
        if dated and (self.from_date is None or self.to_date is None or self.from_date > self.to_date):
            raise ValueError("expected from_date and to_date, to_date not before from_date")
        return self

    def shift(self) -> Shift:
        return Shift(
            self.officers,
            self.start,
            self.end,
            frozenset(self.days or ()),
            self.date or self.from_date,
            self.date or self.to_date,
        )


class StepEntry(Section):
    after: Wait
    to: Word


class RaisedEntry(Section):
    name: Text
    first: Day = Field(alias="from")
    last: Day = Field(alias="to")
    probe_every: Interval | None = None
    render_every: Interval | None = None

    @model_validator(mode="after")
    def _forward(self) -> "RaisedEntry":
        if self.first > self.last:
            raise ValueError(f"expected to ({self.last}) not before from ({self.first})")
        return self


class RosterFile(Section):
    """The whole of roster.yaml."""

    officers: tuple[OfficerEntry, ...] = ()
    shifts: tuple[ShiftEntry, ...] = ()
    escalation: tuple[StepEntry, ...] | None = Field(default=None, min_length=1)
    raised_watch: tuple[RaisedEntry, ...] = ()

    def roster(self, zone: ZoneInfo) -> Roster:
        return Roster(
            tuple(
                Officer(o.key, o.name, o.role, o.email, o.telegram_user, o.phone, o.language)
                for o in self.officers
            ),
            tuple(entry.shift() for entry in self.shifts),
            DEFAULT_STEPS
            if self.escalation is None
            else tuple(sorted((Step(e.after, e.to) for e in self.escalation), key=lambda step: step.after)),
            tuple(
                RaisedWatch(w.name, w.first, w.last, w.probe_every, w.render_every) for w in self.raised_watch
            ),
            zone,
        )


def roster_in(document: Document, zone: ZoneInfo) -> tuple[Roster, list[Problem]]:
    """The roster of a document (an empty one when it is not valid), and all its problems."""
    found, problems = validate(document, RosterFile)
    problems += document.repeated("key", "officers")
    problems += document.repeated("telegram_user", "officers")
    problems += _strangers(document)
    if found is None or problems:
        return Roster(zone=zone), problems
    return found.roster(zone), problems


def _strangers(document: Document) -> Iterator[Problem]:
    """Whoever a shift or an escalation step names must be an officer; no officer is called like a group."""
    known = [
        officer["key"]
        for _, officer in document.items("officers")
        if isinstance(officer, dict) and isinstance(officer.get("key"), str)
    ]
    for where, _ in document.items("officers"):
        key = document.value(*where, "key")
        if key in _GROUPS:
            yield document.problem((*where, "key"), f"expected a key other than {', '.join(_GROUPS)}")
    for shift, _ in document.items("shifts"):
        for where, key in document.items(*shift, "officers"):
            if isinstance(key, str) and key not in known:
                yield document.problem(where, f"expected the key of an officer, not {key!r}")
    for step, _ in document.items("escalation"):
        to = document.value(*step, "to")
        if isinstance(to, str) and to not in (*_GROUPS, *known):
            text = f"expected {', '.join(_GROUPS)} or the key of an officer, not {to!r}"
            yield document.problem((*step, "to"), text)
