"""roster.yaml: shifts, the teams that rotate through them, and who is away."""

from datetime import date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from defacewatch.config.fields import Day, End, Key, Section, Start, Text, Weekday, When, Word, whole
from defacewatch.shifts import Absence, Rotation, Shift, Slot, Team

People = Annotated[tuple[Word, ...], Field(min_length=1)]


class TeamEntry(Section):
    key: Key
    name: Text
    officers: People
    secondary: tuple[Word, ...] = ()
    lead: Word | None = None

    def team(self) -> Team:
        return Team(self.key, self.name, self.officers, self.secondary, self.lead)


class ShiftEntry(Section):
    """Weekly with `days`; for one `date`, or `from_date`..`to_date`, it overrides the regular pattern."""

    name: Text | None = None
    team: Word | None = None
    officers: tuple[Word, ...] | None = Field(default=None, min_length=1)
    secondary: tuple[Word, ...] | None = None
    lead: Word | None = None
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

    @model_validator(mode="after")
    def _who(self) -> "ShiftEntry":
        own = self.officers is not None or self.secondary is not None or self.lead is not None
        if (self.team is None) == (self.officers is None) or (self.team is not None and own):
            raise ValueError(
                "expected either team, or officers (with secondary and lead where there are any)"
            )
        return self

    def shift(self, teams: dict[str, Team]) -> Shift:
        team = None if self.team is None else teams[self.team]
        return Shift(
            team.officers if team else self.officers or (),
            self.start,
            self.end,
            frozenset(self.days or ()),
            self.date or self.from_date,
            self.date or self.to_date,
            team.secondary if team else self.secondary or (),
            team.lead if team else self.lead,
            self.name or "",
            self.team,
        )


class SlotEntry(Section):
    name: Text
    start: Start = Field(alias="from")
    end: End = Field(alias="to")


class RotationEntry(Section):
    """`teams` take the `shifts` of the day in turn from `from_date` on, each moving on every `every` days."""

    teams: People
    shifts: tuple[SlotEntry, ...] = Field(min_length=1)
    from_date: Day
    to_date: Day | None = None
    every: Annotated[int, whole(1, 366)] = 1

    @model_validator(mode="after")
    def _fits(self) -> "RotationEntry":
        if len(self.teams) < len(self.shifts):
            text = f"expected at least as many teams as shifts ({len(self.shifts)}), not {len(self.teams)}"
            raise ValueError(text)
        if self.to_date is not None and self.to_date < self.from_date:
            raise ValueError("expected to_date not before from_date")
        return self

    def rotation(self, teams: dict[str, Team]) -> Rotation:
        slots = tuple(Slot(slot.name, slot.start, slot.end) for slot in self.shifts)
        return Rotation(
            tuple(teams[key] for key in self.teams), slots, self.from_date, self.every, self.to_date
        )


class AbsenceEntry(Section):
    """An officer who is away, whole days (`to` included) or between two local times."""

    officer: Word
    start: When = Field(alias="from")
    end: When = Field(alias="to")
    instead: Word | None = None
    reason: Text | None = None

    @model_validator(mode="after")
    def _forward(self) -> "AbsenceEntry":
        zone = ZoneInfo("UTC")
        if self.absence(zone).end <= self.absence(zone).start:
            raise ValueError(f"expected to ({self.end}) after from ({self.start})")
        if self.instead == self.officer:
            raise ValueError("expected somebody else to stand in")
        return self

    def absence(self, zone: ZoneInfo) -> Absence:
        return Absence(
            self.officer,
            moment(self.start, zone),
            moment(self.end, zone, last=True),
            self.instead,
            self.reason or "",
        )


def moment(when: date | datetime, zone: ZoneInfo, *, last: bool = False) -> datetime:
    """A local time, or where a day begins (as the `last` one: where it ends)."""
    if isinstance(when, datetime):
        return when.replace(tzinfo=zone)
    day = when + timedelta(days=1) if last else when
    return datetime(day.year, day.month, day.day, tzinfo=zone)
