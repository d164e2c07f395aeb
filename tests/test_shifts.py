"""Turns of duty: the weekly pattern, teams that rotate, dated overrides, leave and swaps."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from defacewatch.roster import Duty, Officer, Roster, leads, on_duty, primary, recipients, secondary
from defacewatch.shifts import (
    Absence,
    Rotation,
    Shift,
    Slot,
    Team,
    Turn,
    double_bookings,
    gaps,
    turns,
    turns_at,
)

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
ALL_DAYS = frozenset(range(7))
SLOTS = (Slot("Ca 1", time(6), time(14)), Slot("Ca 2", time(14), time(22)), Slot("Ca 3", time(22), time(6)))
TEAMS = tuple(Team(f"kip-{n}", f"Kíp {n}", (f"an{n}",), (f"binh{n}",), f"chi{n}") for n in range(1, 5))
ROTATION = Rotation(TEAMS, SLOTS, date(2026, 12, 1))
OFFICERS = tuple(
    Officer(f"{name}{n}", f"{name} {n}", email=f"{name}{n}@example.gov.vn")
    for n in range(1, 5)
    for name in ("an", "binh", "chi")
)
ROSTER = Roster((*OFFICERS, Officer("x", "X", Duty.SHIFT_LEAD)), rotations=(ROTATION,))
START, END = (datetime(2026, 12, day, 6, tzinfo=ZONE) for day in (1, 5))


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def with_absences(*absences: Absence) -> Roster:
    return Roster(ROSTER.officers, rotations=(ROTATION,), absences=absences)


def short(found: tuple[Turn, ...]) -> list[str]:
    return [
        f"{turn.start.astimezone(ZONE):%d %H}-{turn.end.astimezone(ZONE):%H} {turn.name} {turn.team}"
        for turn in found
    ]


def test_four_teams_take_three_shifts_in_turn_and_each_moves_on_every_day() -> None:
    assert short(turns(ROSTER, START, END)) == [
        "01 06-14 Ca 1 kip-1",
        "01 14-22 Ca 2 kip-2",
        "01 22-06 Ca 3 kip-3",
        "02 06-14 Ca 1 kip-4",
        "02 14-22 Ca 2 kip-1",
        "02 22-06 Ca 3 kip-2",
        "03 06-14 Ca 1 kip-3",
        "03 14-22 Ca 2 kip-4",
        "03 22-06 Ca 3 kip-1",
        "04 06-14 Ca 1 kip-2",
        "04 14-22 Ca 2 kip-3",
        "04 22-06 Ca 3 kip-4",
    ]


def test_a_rotation_by_the_week_keeps_each_team_in_its_shift_for_a_week() -> None:
    weekly = Rotation(TEAMS, SLOTS, date(2026, 11, 30), every=7)
    roster = Roster(OFFICERS, rotations=(weekly,))
    for day in range(30, 31):
        assert turns_at(roster, local(f"2026-11-{day}T07:00"))[0].team == "kip-1"
    assert turns_at(roster, local("2026-12-06T07:00"))[0].team == "kip-1"
    assert turns_at(roster, local("2026-12-07T07:00"))[0].team == "kip-4"
    assert turns_at(roster, local("2026-12-07T15:00"))[0].team == "kip-1"


def test_nobody_is_on_duty_before_a_rotation_begins_or_after_it_ends() -> None:
    ended = Rotation(TEAMS, SLOTS, date(2026, 12, 1), last=date(2026, 12, 1))
    roster = Roster(OFFICERS, rotations=(ended,))
    assert gaps(roster, local("2026-11-30T06:00"), local("2026-12-03T06:00")) == (
        (local("2026-11-30T06:00"), local("2026-12-01T06:00")),
        (local("2026-12-02T06:00"), local("2026-12-03T06:00")),
    )


def test_who_is_told_first_and_who_besides_and_who_leads() -> None:
    now = local("2026-12-01T07:00")
    assert [o.key for o in primary(ROSTER, now)] == ["an1"]
    assert [o.key for o in secondary(ROSTER, now)] == ["binh1"]
    assert [o.key for o in on_duty(ROSTER, now)] == ["an1", "binh1"]
    assert [o.key for o in leads(ROSTER, now)] == ["chi1"]
    for to, keys in (("primary", ["an1"]), ("secondary", ["binh1"]), ("shift_lead", ["chi1"])):
        assert [o.key for o in recipients(ROSTER, to, now)] == keys


def test_a_shift_that_names_no_lead_has_all_shift_leads() -> None:
    roster = Roster(ROSTER.officers, (Shift(("an1",), time(7), time(7), days=ALL_DAYS),))
    now = local("2026-12-01T08:00")
    assert [o.key for o in leads(roster, now)] == ["x"]
    # and where nobody is on duty besides, a step for those falls to them
    assert [o.key for o in recipients(roster, "secondary", now)] == ["x"]


def test_a_dated_shift_replaces_the_regular_ones_while_it_runs_and_cuts_them() -> None:
    tet = Shift(("x",), time(8), time(20), first=date(2026, 12, 1), last=date(2026, 12, 1), name="Trực lễ")
    roster = Roster(ROSTER.officers, (tet,), rotations=(ROTATION,))
    assert short(turns(roster, START, START + timedelta(days=1))) == [
        "01 06-08 Ca 1 kip-1",
        "01 08-20 Trực lễ None",
        "01 20-22 Ca 2 kip-2",
        "01 22-06 Ca 3 kip-3",
    ]


def test_whoever_stands_in_is_on_duty_for_just_that_time() -> None:
    leave = Absence("an1", local("2026-12-01T10:00"), local("2026-12-02T00:00"), "an4", "nghỉ phép")
    roster = with_absences(leave)
    first = turns(roster, START, START + timedelta(hours=8))
    assert [(turn.officers, turn.away) for turn in first] == [(("an1",), ()), (("an4",), ("an1",))]
    assert [turn.start for turn in first] == [START, local("2026-12-01T10:00")]
    assert [o.key for o in on_duty(roster, local("2026-12-01T09:59"))] == ["an1", "binh1"]
    assert [o.key for o in on_duty(roster, local("2026-12-01T10:00"))] == ["an4", "binh1"]


def test_without_anybody_who_stands_in_the_others_are_told_first_and_with_nobody_left_there_is_a_gap() -> (
    None
):
    here, there = local("2026-12-01T00:00"), local("2026-12-02T00:00")
    now = local("2026-12-01T07:00")
    assert [o.key for o in primary(with_absences(Absence("an1", here, there)), now)] == ["binh1"]
    nobody = with_absences(Absence("an1", here, there), Absence("binh1", here, there))
    assert on_duty(nobody, now) == ()
    assert gaps(nobody, START, START + timedelta(hours=8)) == ((START, START + timedelta(hours=8)),)
    assert [o.key for o in recipients(nobody, "on_duty", now)] == ["chi1"]


def test_a_lead_who_is_away_is_stood_in_for_as_well() -> None:
    here, there = local("2026-12-01T00:00"), local("2026-12-02T00:00")
    now = local("2026-12-01T07:00")
    assert [o.key for o in leads(with_absences(Absence("chi1", here, there, "chi2")), now)] == ["chi2"]
    roster = Roster(ROSTER.officers, rotations=(ROTATION,), absences=(Absence("chi1", here, there),))
    assert [o.key for o in leads(roster, now)] == ["x"]


@pytest.mark.parametrize(
    ("pairs", "told"),
    [
        ([("an1", "an2"), ("an2", "an3")], ["an3", "binh1"]),  # who stands in is away as well
        ([("an1", "an2"), ("an2", None)], ["binh1"]),
        ([("an1", "an2"), ("an2", "an1")], ["binh1"]),  # each in the other's place, both away: nobody
        ([("an1", "binh1")], ["binh1"]),
    ],
)
def test_stand_ins_who_are_away_are_stood_in_for(
    pairs: list[tuple[str, str | None]], told: list[str]
) -> None:
    here, there = local("2026-12-01T00:00"), local("2026-12-02T00:00")
    roster = with_absences(*(Absence(officer, here, there, instead) for officer, instead in pairs))
    assert [o.key for o in on_duty(roster, local("2026-12-01T07:00"))] == told


def test_somebody_who_stands_in_two_turns_at_once_is_found() -> None:
    assert double_bookings(ROSTER, START, END) == ()
    late = Shift(("an1",), time(12), time(16), days=ALL_DAYS, name="Tăng cường")
    roster = Roster(OFFICERS, (late,), rotations=(ROTATION,))
    found = double_bookings(roster, START, START + timedelta(hours=24))
    assert [(officer, one.name, other.name) for officer, one, other in found] == [
        ("an1", "Ca 1", "Tăng cường")
    ]


def test_turns_do_not_depend_on_the_zone_that_is_asked_in() -> None:
    there = turns(ROSTER, START.astimezone(UTC), END.astimezone(UTC))
    assert short(there) == short(turns(ROSTER, START, END))
    assert turns_at(ROSTER, START.astimezone(UTC)) == turns_at(ROSTER, START)


def test_every_moment_is_staffed_as_the_turn_that_holds_it() -> None:
    """The list and the moment are two ways to ask the same."""
    absences = (
        Absence("an1", local("2026-12-01T09:00"), local("2026-12-03T17:00"), "chi4"),
        Absence("an3", local("2026-12-01T23:00"), local("2026-12-02T02:00")),
    )
    late = Shift(("an4",), time(12), time(16), days=ALL_DAYS, name="Tăng cường")
    lone = Shift(("chi1",), time(13), time(3), first=date(2026, 12, 3), last=date(2026, 12, 3))
    roster = Roster(OFFICERS, (late, lone), rotations=(ROTATION,), absences=absences)
    every = turns(roster, START, END)
    moment = START
    while moment < END:
        listed = {(t.name, t.people, t.away) for t in every if t.start <= moment < t.end}
        assert listed == {(t.name, t.people, t.away) for t in turns_at(roster, moment)}
        moment += timedelta(minutes=30)
