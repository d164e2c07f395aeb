"""Changing a roster for a while: leave, swaps, and what is wrong with a roster as it stands."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from defacewatch.errors import Conflict, NotFound, UsageError
from defacewatch.language import N_, Translate
from defacewatch.roster import Duty, Roster, leads
from defacewatch.shifts import Absence, Turn, double_bookings, gaps, turns

REASON = 300  # characters of why somebody is away


class Fault(StrEnum):
    """What can be wrong with a roster."""

    GAP = "gap"
    DOUBLE = "double"
    UNREACHABLE = "unreachable"
    AWAY = "away"  # somebody is away and nobody stands in


_WORDS = {
    Fault.GAP: N_("nobody is on duty"),
    Fault.DOUBLE: N_("has two turns at once"),
    Fault.UNREACHABLE: N_("can be reached on no channel that is on"),
    Fault.AWAY: N_("is away, and nobody stands in"),
}


@dataclass(frozen=True)
class Finding:
    """A fault: from when to when (None: always), and whom it is about, by keys of officers."""

    fault: Fault
    start: datetime | None = None
    end: datetime | None = None
    officers: tuple[str, ...] = ()
    turns: tuple[str, ...] = ()


def fault_text(roster: Roster, finding: Finding, translate: Translate = str) -> str:
    """A fault as a line, in English where nothing translates it: times local, people by their names."""
    span = ""
    if finding.start is not None and finding.end is not None:
        here, there = (edge.astimezone(roster.zone) for edge in (finding.start, finding.end))
        span = f"{here:%d/%m/%Y %H:%M} – {there:%d/%m/%Y %H:%M}: "
    who = names(roster, finding.officers)
    named = f" ({', '.join(filter(None, finding.turns))})" if any(finding.turns) else ""
    return f"{span}{who + ' ' if who else ''}{translate(_WORDS[finding.fault])}{named}"


def names(roster: Roster, keys: Iterable[str]) -> str:
    """Officers by their names; by the key where the roster knows them no more."""
    found = ((key, roster.officer(key)) for key in keys)
    return ", ".join(key if officer is None else officer.name for key, officer in found)


def with_absences(roster: Roster, more: tuple[Absence, ...]) -> Roster:
    """The roster as it stands, with absences that are not in its file."""
    return replace(roster, absences=(*roster.absences, *more)) if more else roster


def as_entered(roster: Roster, standing: tuple[Absence, ...]) -> Roster:
    """The roster with the absences that stand now in place of those that were entered when it was read."""
    return replace(roster, absences=(*(a for a in roster.absences if not a.id), *standing))


def arranges(roster: Roster, officer: str, now: datetime) -> bool:
    """Whether an officer may take others off duty, and let them stand in: shift leads, whoever leads a shift
    that runs, and the roster's administrators."""
    may = (*leads(roster, now), *roster.with_role(Duty.SHIFT_LEAD), *roster.with_role(Duty.ADMIN))
    return any(one.key == officer for one in may)


def on_leave(
    roster: Roster, officer: str, start: datetime, end: datetime, *, instead: str | None, reason: str
) -> Absence:
    """The absence of an officer, if it can be. Raises NotFound for people who are not of the roster,
    UsageError for a time that is none or without a reason, Conflict where whoever stands in has duty then or
    is away."""
    reason = " ".join(reason.split())[:REASON]
    if not reason:
        raise UsageError(N_("Say why: it is kept with the change."))
    for key in filter(None, (officer, instead)):
        _known(roster, key)
    if end <= start:
        raise UsageError(N_("leave ends after it begins"))
    if instead == officer:
        raise UsageError(N_("{officer} cannot stand in for themselves"), officer=officer)
    absence = Absence(officer, start, end, instead, reason)
    if instead is not None:
        _is_free(roster, absence)
    return absence


def swapped(
    roster: Roster,
    officer: str,
    at: datetime,
    instead: str,
    *,
    back: datetime | None = None,
    reason: str,
) -> tuple[Absence, ...]:
    """Somebody takes another's turn that runs at a moment, and gives the one that runs at `back` for it, if
    that is named. Raises NotFound where there is no such turn, else as `on_leave`."""
    first = _of_turn(roster, officer, at, instead, reason)
    if back is None:
        return (first,)
    after = with_absences(roster, (first,))
    return first, _of_turn(after, instead, back, officer, reason)


def _of_turn(roster: Roster, officer: str, at: datetime, instead: str, reason: str) -> Absence:
    _known(roster, officer)
    day = timedelta(days=1)
    found = [t for t in turns(roster, at - day, at + day) if t.start <= at < t.end and officer in t.people]
    if not found:
        raise NotFound(N_("{officer} has no duty at {at}"), officer=officer, at=_local(roster, at))
    turn = found[0]
    return on_leave(roster, officer, turn.start, turn.end, instead=instead, reason=reason)


def uncovered(roster: Roster, absence: Absence) -> tuple[Turn, ...]:
    """The turns that an absence leaves without anybody, once it is entered."""
    return tuple(
        turn
        for turn in turns(with_absences(roster, (absence,)), absence.start, absence.end)
        if not turn.people
    )


def findings(roster: Roster, start: datetime, end: datetime, usable: Collection[str]) -> Iterator[Finding]:
    """What is wrong with a roster between two moments, where these channels are on."""
    for here, there in gaps(roster, start, end):
        yield Finding(Fault.GAP, here, there)
    for officer, one, other in double_bookings(roster, start, end):
        here, there = max(one.start, other.start), min(one.end, other.end)
        yield Finding(Fault.DOUBLE, here, there, (officer,), (one.name, other.name))
    for turn in turns(roster, start, end):
        if turn.people and turn.away and len(turn.away) > len(_stand_ins(roster, turn)):
            yield Finding(Fault.AWAY, turn.start, turn.end, turn.away, (turn.name,))
    for someone in roster.officers:
        if not any(channel in usable for channel in someone.channels):
            yield Finding(Fault.UNREACHABLE, officers=(someone.key,))


def _stand_ins(roster: Roster, turn: Turn) -> list[str]:
    """Who is there in place of those who are away."""
    there = [a.instead for a in roster.absences if a.covers(turn.start) and a.officer in turn.away]
    return [key for key in there if key is not None and key in turn.people]


def _known(roster: Roster, key: str) -> None:
    if not any(officer.key == key for officer in roster.officers):
        raise NotFound(N_("no officer {officer} in the roster"), officer=repr(key))


def _is_free(roster: Roster, absence: Absence) -> None:
    """Raises Conflict where who stands in is on duty or away while the other should have been on duty."""
    wanted = [t for t in turns(roster, absence.start, absence.end) if absence.officer in t.people]
    own = [t for t in turns(roster, absence.start, absence.end) if absence.instead in t.people]
    away = [a for a in roster.absences if a.officer == absence.instead]
    for turn in wanted:
        facts = {"officer": absence.instead, "at": _local(roster, turn.start)}
        if any(other.start < turn.end and turn.start < other.end for other in own):
            raise Conflict(N_("{officer} is on duty already at {at}"), **facts)
        if any(other.start < turn.end and turn.start < other.end for other in away):
            raise Conflict(N_("{officer} is away at {at}"), **facts)


def _local(roster: Roster, moment: datetime) -> str:
    return f"{moment.astimezone(roster.zone):%Y-%m-%d %H:%M}"
