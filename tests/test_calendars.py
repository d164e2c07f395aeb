"""Turns of duty as iCalendar."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from icalendar import Calendar

from defacewatch.calendars import calendar_of
from defacewatch.language import translator
from defacewatch.roster import Officer, Roster
from defacewatch.shifts import Absence, Rotation, Slot, Team, turns

NOW = datetime(2026, 12, 1, tzinfo=UTC)
AN = Officer("an", "Nguyễn Văn An", phone="0900 000 001")
BINH = Officer("binh", "Trần Thị Bình", email="binh@example.gov.vn")
TEAMS = (Team("kip-1", "Kíp 1", ("an",), ("binh",), "binh"), Team("kip-2", "Kíp 2", ("binh",)))
SLOTS = (Slot("Ca ngày", time(7), time(19)), Slot("Ca đêm", time(19), time(7)))
ROSTER = Roster((AN, BINH), rotations=(Rotation(TEAMS, SLOTS, date(2026, 12, 1)),))


def read(roster: Roster, officer: Officer | None, language: str = "vi") -> tuple[str, list[dict[str, str]]]:
    """A calendar's name, and its events by property, texts unescaped and times as they are written."""
    every = turns(roster, NOW, NOW + timedelta(days=2))
    written = calendar_of(every, roster, officer=officer, translate=translator(language), now=NOW)
    calendar: Any = Calendar.from_ical(written)
    events = [
        {
            name.lower(): value.to_ical().decode() if name in ("DTSTART", "DTEND") else str(value)
            for name, value in event.items()
        }
        for event in calendar.walk("VEVENT")
    ]
    return str(calendar["x-wr-calname"]), events


def test_an_officer_s_calendar_has_their_turns_with_times_and_colleagues() -> None:
    name, events = read(ROSTER, AN)
    first = events[0]
    assert name == "Trực ban: Nguyễn Văn An"
    assert first["summary"] == "Ca ngày"
    assert (first["dtstart"], first["dtend"]) == ("20261201T000000Z", "20261201T120000Z")
    assert first["description"].splitlines() == [
        "Báo trước: Nguyễn Văn An 0900 000 001",
        "Cùng trực: Trần Thị Bình",
        "Trưởng ca: Trần Thị Bình",
    ]
    assert len(events) == 2


def test_everybody_s_calendar_says_whose_each_turn_is() -> None:
    _, events = read(ROSTER, None, "en")
    assert [event["summary"] for event in events][:2] == [
        "Ca ngày: Nguyễn Văn An 0900 000 001",
        "Ca đêm: Trần Thị Bình",
    ]
    assert len({event["uid"] for event in events}) == len(events)


def test_whoever_stands_in_has_the_turn_and_who_is_away_has_not() -> None:
    away = Absence("an", NOW, NOW + timedelta(hours=12), "binh")
    roster = Roster((AN, BINH), rotations=ROSTER.rotations, absences=(away,))
    assert [event["dtstart"] for event in read(roster, AN)[1]] == ["20261202T120000Z"]
    assert "Away: Nguyễn Văn An 0900 000 001" in read(roster, BINH, "en")[1][0]["description"]


def test_names_cannot_break_out_of_a_line() -> None:
    odd = Officer("an", "An; DROP,\nEND:VEVENT")
    assert len(read(Roster((odd, BINH), rotations=ROSTER.rotations), None)[1]) == 4
