"""roster.yaml: officers, bodies outside, escalation, raised watch; and all of it together."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from defacewatch.config.documents import Document, Problem, Where
from defacewatch.config.fields import (
    Again,
    AlertWord,
    Email,
    Flag,
    Interval,
    Key,
    Language,
    Role,
    Section,
    Start,
    Text,
    Wait,
    Word,
    whole,
)
from defacewatch.config.problems import validate
from defacewatch.config.raised import RaisedEntry
from defacewatch.config.turns import AbsenceEntry, RotationEntry, ShiftEntry, TeamEntry
from defacewatch.deadlines import Response
from defacewatch.roster import (
    DEFAULT_STEPS,
    KINDS,
    ON_DUTY,
    PRIMARY,
    ROLES,
    SECONDARY,
    Duty,
    Officer,
    Quiet,
    Roster,
    Step,
)
from defacewatch.shifttests import ShiftTest

_GROUPS = (ON_DUTY, PRIMARY, SECONDARY, *ROLES)
_A = {"team": "a team", "officer": "an officer"}


class OfficerEntry(Section):
    key: Key
    name: Text
    role: Role = Duty.OFFICER
    email: Email | None = None
    telegram_user: Annotated[int, whole(1, 2**52)] | None = None
    phone: Text | None = None
    language: Language | None = None


class OutsideEntry(Section):
    """A body outside the centre: a department, a response team. Told only where a step names it."""

    key: Key
    name: Text
    email: Email | None = None
    phone: Text | None = None
    language: Language | None = None


class StepEntry(Section):
    """`every` makes the last step of a kind come again and again until somebody acknowledges."""

    after: Wait
    to: Word
    every: Again | None = None
    kinds: tuple[AlertWord, ...] = Field(default=(), alias="for")

    def step(self) -> Step:
        return Step(self.after, self.to, self.every, frozenset(self.kinds))


class ResponseEntry(Section):
    """The clocks of an attack, from when it was first seen."""

    restore_within: Interval = timedelta(hours=24)
    report_within: Interval = timedelta(days=5)
    remind_restore: Wait = timedelta(hours=4)
    remind_report: Wait = timedelta(days=1)

    def response(self) -> Response:
        return Response(self.restore_within, self.report_within, self.remind_restore, self.remind_report)


class QuietEntry(Section):
    """Hours in which a change that is not urgent wakes nobody; attacks always do."""

    start: Start = Field(alias="from")
    end: Start = Field(alias="to")

    @model_validator(mode="after")
    def _some(self) -> "QuietEntry":
        if self.start == self.end:
            raise ValueError("expected from and to at different times")
        return self

    def quiet(self) -> Quiet:
        return Quiet(self.start, self.end)


class ShiftTestEntry(Section):
    """Whether those who come on duty prove their channels, and how long they have for it."""

    enabled: Flag = True
    within: Interval = timedelta(minutes=15)

    def test(self) -> ShiftTest:
        return ShiftTest(self.enabled, self.within)


class RosterFile(Section):
    """The whole of roster.yaml."""

    officers: tuple[OfficerEntry, ...] = ()
    teams: tuple[TeamEntry, ...] = ()
    rotations: tuple[RotationEntry, ...] = ()
    shifts: tuple[ShiftEntry, ...] = ()
    absences: tuple[AbsenceEntry, ...] = ()
    outside: tuple[OutsideEntry, ...] = ()
    escalation: tuple[StepEntry, ...] | None = Field(default=None, min_length=1)
    raised_watch: tuple[RaisedEntry, ...] = ()
    response: ResponseEntry = ResponseEntry()
    quiet_hours: QuietEntry | None = None
    shift_test: ShiftTestEntry = ShiftTestEntry()

    def roster(self, zone: ZoneInfo) -> Roster:
        teams = {entry.key: entry.team() for entry in self.teams}
        return Roster(
            tuple(
                Officer(o.key, o.name, o.role, o.email, o.telegram_user, o.phone, o.language)
                for o in self.officers
            ),
            tuple(entry.shift(teams) for entry in self.shifts),
            DEFAULT_STEPS
            if self.escalation is None
            else tuple(sorted((entry.step() for entry in self.escalation), key=lambda step: step.after)),
            tuple(entry.watch() for entry in self.raised_watch if entry.holidays is None),
            zone,
            tuple(entry.rotation(teams) for entry in self.rotations),
            tuple(entry.absence(zone) for entry in self.absences),
            tuple(
                Officer(o.key, o.name, Duty.OUTSIDE, o.email, None, o.phone, o.language) for o in self.outside
            ),
            tuple(entry.rule() for entry in self.raised_watch if entry.holidays is not None),
            self.response.response(),
            None if self.quiet_hours is None else self.quiet_hours.quiet(),
            self.shift_test.test(),
        )


def roster_in(document: Document, zone: ZoneInfo) -> tuple[Roster, list[Problem]]:
    """The roster of a document (an empty one when it is not valid), and all its problems."""
    found, problems = validate(document, RosterFile)
    problems += document.repeated("key", "officers")
    problems += document.repeated("telegram_user", "officers")
    problems += document.repeated("key", "teams")
    problems += document.repeated("key", "outside")
    problems += _strangers(document)
    if found is not None:
        problems += _odd_steps(document, found.escalation or ())
    if found is None or problems:
        return Roster(zone=zone), problems
    return found.roster(zone), problems


def _strangers(document: Document) -> Iterator[Problem]:
    """Whoever a shift, a team, an absence or an escalation step names must be there; nobody is called like a
    group, and no body outside like an officer."""
    officers, teams = _keys(document, "officers"), _keys(document, "teams")
    for section in ("officers", "outside"):
        for where, _ in document.items(section):
            key = document.value(*where, "key")
            if key in _GROUPS:
                yield document.problem((*where, "key"), f"expected a key other than {', '.join(_GROUPS)}")
            elif section == "outside" and key in officers:
                yield document.problem((*where, "key"), f"expected a key that no officer has, not {key!r}")
    for where, key in _named(document):
        known, what = (teams, "team") if _is_team(where) else (officers, "officer")
        if isinstance(key, str) and key not in known:
            yield document.problem(where, f"expected the key of {_A[what]}, not {key!r}")
    outside = _keys(document, "outside")
    for step, _ in document.items("escalation"):
        to = document.value(*step, "to")
        if isinstance(to, str) and to not in (*_GROUPS, *officers, *outside):
            text = f"expected {', '.join(_GROUPS)} or the key of an officer, not {to!r}"
            yield document.problem((*step, "to"), text)


def _odd_steps(document: Document, steps: Sequence[StepEntry]) -> Iterator[Problem]:
    """Every kind of alert has a step, and what comes again and again has none behind it."""
    for kind in KINDS if steps else ():
        if not any(not step.kinds or kind in step.kinds for step in steps):
            text = f"expected a step that is for {kind}, or one that is for all"
            yield document.problem(("escalation",), text)
    for number, step in enumerate(steps):
        if step.every is not None and any(_is_behind(other, step) for other in steps):
            text = "expected only in the last step of its kinds"
            yield document.problem(("escalation", number, "every"), text)


def _is_behind(other: StepEntry, step: StepEntry) -> bool:
    shared = not step.kinds or not other.kinds or not set(step.kinds).isdisjoint(other.kinds)
    return shared and other.after > step.after


def _keys(document: Document, section: str) -> list[str]:
    entries = [entry for _, entry in document.items(section) if isinstance(entry, dict)]
    return [entry["key"] for entry in entries if isinstance(entry.get("key"), str)]


def _named(document: Document) -> Iterator[tuple[Where, object]]:
    """Every place that names an officer or a team, and what it says."""
    for section in ("teams", "shifts"):
        for entry, _ in document.items(section):
            for name in ("officers", "secondary"):
                yield from document.items(*entry, name)
            yield (*entry, "lead"), document.value(*entry, "lead")
    for entry, _ in document.items("shifts"):
        yield (*entry, "team"), document.value(*entry, "team")
    for entry, _ in document.items("rotations"):
        yield from document.items(*entry, "teams")
    for entry, _ in document.items("absences"):
        for name in ("officer", "instead"):
            yield (*entry, name), document.value(*entry, name)


def _is_team(where: Where) -> bool:
    return where[0] == "rotations" or where[-1] == "team"
