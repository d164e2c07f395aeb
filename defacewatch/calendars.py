"""Turns of duty as iCalendar (RFC 5545), for a phone to subscribe to."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Event

from defacewatch.language import N_, Translate
from defacewatch.roster import Officer, Roster
from defacewatch.shifts import Turn

NAME = N_("Duty: {who}")
EVERYBODY = N_("all officers")
TURN = N_("On duty")
FIRST, BESIDES, LEAD, AWAY = (
    N_("Told first: {who}"),
    N_("Besides: {who}"),
    N_("Lead: {who}"),
    N_("Away: {who}"),
)
REFRESH = timedelta(hours=1)  # how often a phone should ask again


def calendar_of(
    turns: Iterable[Turn], roster: Roster, *, officer: Officer | None, translate: Translate, now: datetime
) -> bytes:
    """The turns (those of one officer, or all) as one iCalendar file, times in UTC."""
    found = Calendar()
    who = translate(EVERYBODY) if officer is None else officer.name
    found.add("prodid", "-//defacewatch//roster//VI")
    found.add("version", "2.0")
    found.add("method", "PUBLISH")
    found.add("x-wr-calname", translate(NAME).format(who=who))
    found.add("x-wr-timezone", roster.zone.key)
    found.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    for turn in turns:
        if officer is None or officer.key in turn.people:
            found.add_component(_event(turn, roster, officer, translate, now))
    written: bytes = found.to_ical()
    return written


def _event(turn: Turn, roster: Roster, officer: Officer | None, translate: Translate, now: datetime) -> Event:
    event = Event()
    whose = "all" if officer is None else officer.key
    event.add("uid", f"{turn.start:%Y%m%dT%H%M%S%z}-{turn.team or turn.name or 'turn'}-{whose}@defacewatch")
    event.add("dtstamp", now)
    event.add("dtstart", turn.start.astimezone(UTC))
    event.add("dtend", turn.end.astimezone(UTC))
    people = _names(roster, turn.officers)
    title = turn.name or translate(TURN)
    event.add("summary", title if officer is not None else f"{title}: {people}")
    lines = [
        translate(words).format(who=_names(roster, keys))
        for words, keys in (
            (FIRST, turn.officers),
            (BESIDES, turn.secondary),
            (LEAD, (turn.lead,) if turn.lead else ()),
            (AWAY, turn.away),
        )
        if keys
    ]
    event.add("description", "\n".join(lines))
    return event


def _names(roster: Roster, keys: Sequence[str]) -> str:
    """Names with the telephones to call."""
    found = ((key, roster.officer(key)) for key in keys)
    return ", ".join(
        key if one is None else " ".join(filter(None, (one.name, one.phone))) for key, one in found
    )
