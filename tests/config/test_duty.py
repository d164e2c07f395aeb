from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from defacewatch.config import load
from defacewatch.deadlines import Response
from defacewatch.raising import HolidayWatch, RaisedWatch
from defacewatch.roster import Duty, Officer, Quiet, Step
from defacewatch.shifts import Absence, Rotation, Shift, Slot, Team
from tests.config.conftest import Problems

OFFICERS = """\
officers:
  - {key: an, name: Nguyễn Văn An, email: an@example.gov.vn, telegram_user: 1001}
  - {key: binh, name: Trần Thị Bình, role: shift_lead, phone: 0900000002, language: en}
"""


def test_every_key_is_read(folder: Path) -> None:
    (folder / "roster.yaml").write_text(
        OFFICERS
        + """\
shifts:
  - {officers: [an, binh], days: [mon, SUN], from: 07:00, to: "15:00"}
  - {officers: [an], date: 2027-02-05, from: 7:30, to: 24:00}
  - {officers: [binh], from_date: 2027-02-06, to_date: "2027-02-11", from: 19:00, to: 07:00}
escalation:
  - {after: 0m, to: on_duty}
  - {after: 5m, to: binh}
  - {after: 1h, to: leadership, every: 30m, for: [defaced]}
raised_watch:
  - {name: Quốc khánh 2/9, from: 2026-08-31, to: 2026-09-03, probe_every: 15s}
"""
    )
    roster = load(folder, {}).roster
    assert roster.officers == (
        Officer("an", "Nguyễn Văn An", email="an@example.gov.vn", telegram_user=1001),
        Officer("binh", "Trần Thị Bình", Duty.SHIFT_LEAD, phone="0900000002", language="en"),
    )
    assert roster.shifts == (
        Shift(("an", "binh"), time(7), time(15), frozenset({0, 6})),
        Shift(("an",), time(7, 30), time(0), first=date(2027, 2, 5), last=date(2027, 2, 5)),
        Shift(("binh",), time(19), time(7), first=date(2027, 2, 6), last=date(2027, 2, 11)),
    )
    assert roster.escalation == (
        Step(timedelta(0), "on_duty"),
        Step(timedelta(minutes=5), "binh"),
        Step(timedelta(hours=1), "leadership", timedelta(minutes=30), frozenset({"defaced"})),
    )
    assert roster.raised_watch == (
        RaisedWatch("Quốc khánh 2/9", date(2026, 8, 31), date(2026, 9, 3), timedelta(seconds=15)),
    )


def test_escalation_goes_by_time_however_it_is_written(folder: Path) -> None:
    (folder / "roster.yaml").write_text(
        "escalation:\n  - {after: 30m, to: leadership}\n  - {after: 0m, to: on_duty}\n"
    )
    assert [step.to for step in load(folder, {}).roster.escalation] == ["on_duty", "leadership"]


def test_the_clocks_of_an_attack_are_read(folder: Path) -> None:
    assert load(folder, {}).roster.response == Response()
    (folder / "roster.yaml").write_text(
        "response: {restore_within: 12h, report_within: 3d, remind_restore: 1h}\n"
    )
    assert load(folder, {}).roster.response == Response(
        timedelta(hours=12), timedelta(days=3), timedelta(hours=1)
    )


def test_raised_watches_are_by_date_or_by_holiday(folder: Path) -> None:
    (folder / "roster.yaml").write_text(
        """\
raised_watch:
  - {name: Đại hội, from: 2026-12-10, to: 2026-12-12, hasten: 2, urgent_changes: true}
  - {name: Ngày lễ, holidays: [tet, national_day], before: 2, after: 1, probe_every: 15s, hasten: 1.5}
"""
    )
    roster = load(folder, {}).roster
    first, last = date(2026, 12, 10), date(2026, 12, 12)
    assert roster.raised_watch == (RaisedWatch("Đại hội", first, last, hasten=2.0, urgent_changes=True),)
    (rule,) = roster.holiday_watch
    assert isinstance(rule, HolidayWatch)
    assert (rule.holidays, rule.before, rule.after) == (frozenset({"tet", "national_day"}), 2, 1)
    assert (rule.like.name, rule.like.probe_every, rule.like.hasten) == (
        "Ngày lễ",
        timedelta(seconds=15),
        1.5,
    )


def test_teams_that_rotate_absences_and_bodies_outside_are_read(folder: Path) -> None:
    (folder / "roster.yaml").write_text(
        OFFICERS
        + """\
teams:
  - {key: kip-1, name: Kíp 1, officers: [an], secondary: [binh], lead: binh}
  - {key: kip-2, name: Kíp 2, officers: [binh]}
rotations:
  - teams: [kip-1, kip-2]
    from_date: 2026-12-01
    to_date: 2026-12-31
    every: 2
    shifts:
      - {name: Ca 1, from: 06:00, to: 14:00}
      - {name: Ca 2, from: 22:00, to: 06:00}
shifts:
  - {name: Trực Tết, team: kip-1, date: 2027-02-05, from: 07:00, to: 19:00}
  - {officers: [an], secondary: [binh], lead: an, days: [sun], from: 14:00, to: 22:00}
absences:
  - {officer: an, from: 2026-12-24, to: 2026-12-25, instead: binh, reason: nghỉ phép}
  - {officer: binh, from: 2026-12-26T06:00, to: 2026-12-26 14:00}
outside:
  - {key: vncert, name: VNCERT/CC, email: ir@vncert.example, phone: "024 0000"}
escalation:
  - {after: 0m, to: primary}
  - {after: 1h, to: vncert}
"""
    )
    roster = load(folder, {}).roster
    one, two = Team("kip-1", "Kíp 1", ("an",), ("binh",), "binh"), Team("kip-2", "Kíp 2", ("binh",))
    slots = (Slot("Ca 1", time(6), time(14)), Slot("Ca 2", time(22), time(6)))
    assert roster.rotations == (Rotation((one, two), slots, date(2026, 12, 1), 2, date(2026, 12, 31)),)
    tet, sunday = roster.shifts
    assert (tet.team, tet.officers, tet.secondary, tet.lead) == ("kip-1", ("an",), ("binh",), "binh")
    assert (sunday.officers, sunday.secondary, sunday.lead, sunday.name) == (("an",), ("binh",), "an", "")
    zone = roster.zone
    leave, hours = roster.absences
    assert leave == Absence(
        "an",
        datetime(2026, 12, 24, tzinfo=zone),
        datetime(2026, 12, 26, tzinfo=zone),
        "binh",
        "nghỉ phép",
    )
    assert (hours.start, hours.end) == (
        datetime(2026, 12, 26, 6, tzinfo=zone),
        datetime(2026, 12, 26, 14, tzinfo=zone),
    )
    body = roster.officer("vncert")
    assert body is not None
    assert (body.role, body.channels) == (Duty.OUTSIDE, ("email",))
    assert body not in roster.officers


TEAM = "teams:\n  - {key: kip, name: Kíp, officers: [an]}\n"
SHIFT = "shifts:\n  - {officers: [an], "


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  - {key: an, name: X}", "4: officers[2].key: 'an' is on line 2 already; expected once"),
        (
            "  - {key: cuong, name: X, telegram_user: 1001}",
            "4: officers[2].telegram_user: '1001' is on line 2 already; expected once",
        ),
        (
            "  - {key: cuong, name: X, telegram_user: -100123}",
            "4: officers[2].telegram_user: expected a whole number from 1 to 4503599627370496, not '-100123'",
        ),
        (
            "  - {key: cuong, name: X, telegram_user: '@cuong'}",
            "4: officers[2].telegram_user: expected a whole number from 1 to 4503599627370496, not '@cuong'",
        ),
        (
            "  - {key: on_duty, name: X}",
            "4: officers[2].key: expected a key other than on_duty, primary, secondary, officer,"
            " shift_lead, leadership, admin",
        ),
        (
            "  - {key: cuong, name: X, role: boss}",
            "4: officers[2].role: expected one of officer, shift_lead, leadership, admin, not 'boss'",
        ),
        (
            "  - {key: cuong, name: X, language: fr}",
            "4: officers[2].language: expected one of vi, en, not 'fr'",
        ),
        (
            "shifts:\n  - {officers: [cuong], days: [mon], from: 07:00, to: 15:00}",
            "5: shifts[0].officers[0]: expected the key of an officer, not 'cuong'",
        ),
        (
            "shifts:\n  - {officers: [], days: [mon], from: 07:00, to: 15:00}",
            "5: shifts[0].officers: expected at least one item",
        ),
        (
            SHIFT + "days: [monday], from: 07:00, to: 15:00}",
            "5: shifts[0].days[0]: expected one of mon, tue, wed, thu, fri, sat, sun, not 'monday'",
        ),
        (
            SHIFT + "days: mon, from: 07:00, to: 15:00}",
            "5: shifts[0].days: expected a list, not 'mon'",
        ),
        (
            SHIFT + "days: [mon], from: 25:00, to: 15:00}",
            "5: shifts[0].from: expected a time of day such as 07:00, not '25:00'",
        ),
        (
            SHIFT + "days: [mon], from: 24:00, to: 15:00}",
            "5: shifts[0].from: expected a time of day such as 07:00, not '24:00'",
        ),
        (
            SHIFT + "from: 07:00, to: 15:00}",
            "5: shifts[0]: expected either days, or date, or from_date and to_date",
        ),
        (
            SHIFT + "days: [mon], date: 2027-02-05, from: 07:00, to: 15:00}",
            "5: shifts[0]: expected either days, or date, or from_date and to_date",
        ),
        (
            SHIFT + "date: 2027-02-30, from: 07:00, to: 15:00}",
            "5: shifts[0].date: expected a date such as 2027-02-05, not '2027-02-30'",
        ),
        (
            SHIFT + "from_date: 2027-02-05, from: 07:00, to: 15:00}",
            "5: shifts[0]: expected from_date and to_date, to_date not before from_date",
        ),
        (
            SHIFT + "from_date: 2027-02-05, to_date: 2027-02-04, from: 07:00, to: 15:00}",
            "5: shifts[0]: expected from_date and to_date, to_date not before from_date",
        ),
        (
            "shifts:\n  - {team: kip, days: [mon], from: 07:00, to: 15:00}",
            "5: shifts[0].team: expected the key of a team, not 'kip'",
        ),
        (
            "shifts:\n  - {days: [mon], from: 07:00, to: 15:00}",
            "5: shifts[0]: expected either team, or officers (with secondary and lead where there are any)",
        ),
        (
            TEAM + "shifts:\n  - {team: kip, lead: an, days: [mon], from: 07:00, to: 15:00}",
            "7: shifts[0]: expected either team, or officers (with secondary and lead where there are any)",
        ),
        (
            "teams:\n  - {key: kip, name: Kíp, officers: [an], secondary: [cuong], lead: an}",
            "5: teams[0].secondary[0]: expected the key of an officer, not 'cuong'",
        ),
        (
            "teams:\n  - {key: kip, name: Kíp, officers: [an], lead: cuong}",
            "5: teams[0].lead: expected the key of an officer, not 'cuong'",
        ),
        (
            TEAM + "rotations:\n  - {teams: [kip], from_date: 2026-12-01,"
            " shifts: [{name: 1, from: 07:00, to: 15:00}, {name: 2, from: 15:00, to: 23:00}]}",
            "7: rotations[0]: expected at least as many teams as shifts (2), not 1",
        ),
        (
            "rotations:\n  - {teams: [kip], from_date: 2026-12-01,"
            " shifts: [{name: 1, from: 07:00, to: 15:00}]}",
            "5: rotations[0].teams[0]: expected the key of a team, not 'kip'",
        ),
        (
            TEAM + "rotations:\n  - {teams: [kip], from_date: 2026-12-02, to_date: 2026-12-01,"
            " shifts: [{name: 1, from: 07:00, to: 15:00}]}",
            "7: rotations[0]: expected to_date not before from_date",
        ),
        (
            "absences:\n  - {officer: an, from: 2026-12-24, to: 2026-12-23}",
            "5: absences[0]: expected to (2026-12-23) after from (2026-12-24)",
        ),
        (
            "absences:\n  - {officer: an, from: 2026-12-24, to: 2026-12-24, instead: an}",
            "5: absences[0]: expected somebody else to stand in",
        ),
        (
            "absences:\n  - {officer: an, from: tomorrow, to: 2026-12-24}",
            "5: absences[0].from: expected a date such as 2027-02-05, or a time such as 2027-02-05T06:00,"
            " not 'tomorrow'",
        ),
        (
            "absences:\n  - {officer: an, from: 2026-12-24, to: 2026-12-24, instead: cuong}",
            "5: absences[0].instead: expected the key of an officer, not 'cuong'",
        ),
        (
            "outside:\n  - {key: an, name: Sở}",
            "5: outside[0].key: expected a key that no officer has, not 'an'",
        ),
        ("escalation: []", "4: escalation: expected at least one item"),
        (
            "escalation:\n  - {after: -5m, to: on_duty}",
            "5: escalation[0].after: expected a duration such as 30s, 10m, 2h or 1d (at most 366d),"
            " not '-5m'",
        ),
        (
            "escalation:\n  - {after: 5m, to: director}",
            "5: escalation[0].to: expected on_duty, primary, secondary, officer, shift_lead,"
            " leadership, admin or the key of an officer, not 'director'",
        ),
        (
            "escalation:\n  - {after: 0m, to: on_duty, for: [defaced]}\n"
            "  - {after: 0m, to: an, for: [changed, unreachable, blind]}",
            "4: escalation: expected a step that is for behind, or one that is for all",
        ),
        (
            "escalation:\n  - {after: 0m, to: on_duty, every: 10m}\n  - {after: 5m, to: an, for: [defaced]}",
            "5: escalation[0].every: expected only in the last step of its kinds",
        ),
        (
            "escalation:\n  - {after: 0m, to: on_duty, every: 10s}",
            "5: escalation[0].every: expected at least 1m, not '10s'",
        ),
        (
            "escalation:\n  - {after: 0m, to: on_duty, for: [calmed]}",
            "5: escalation[0].for[0]: expected one of defaced, changed, unreachable, blind, behind,"
            " not 'calmed'",
        ),
        (
            "raised_watch:\n  - {name: Tết, from: 2027-02-11, to: 2027-02-05}",
            "5: raised_watch[0]: expected to (2027-02-05) not before from (2027-02-11)",
        ),
        (
            "raised_watch:\n  - {name: Tết, from: 2027-02-05}",
            "5: raised_watch[0]: expected either from and to, or holidays",
        ),
        (
            "raised_watch:\n  - {name: Tết, from: 2027-02-05, to: 2027-02-11, holidays: [tet]}",
            "5: raised_watch[0]: expected either from and to, or holidays",
        ),
        (
            "raised_watch:\n  - {name: Tết, from: 2027-02-05, to: 2027-02-11, before: 1}",
            "5: raised_watch[0]: expected before and after with holidays only",
        ),
        (
            "raised_watch:\n  - {name: Tết, holidays: [christmas]}",
            "5: raised_watch[0].holidays[0]: expected one of new_year, tet, hung_kings, reunification,"
            " labour, national_day, culture, not 'christmas'",
        ),
        (
            "raised_watch:\n  - {name: Tết, holidays: [tet], hasten: 0.5}",
            "5: raised_watch[0].hasten: expected a number from 1 to 20, not '0.5'",
        ),
        (
            "raised_watch:\n  - {name: Tết, from: 05/02/2027, to: 2027-02-11}",
            "5: raised_watch[0].from: expected a date such as 2027-02-05, not '05/02/2027'",
        ),
    ],
)
def test_a_wrong_roster_is_one_line(problems: Problems, text: str, expected: str) -> None:
    assert problems(roster=OFFICERS + text) == [f"roster.yaml:{expected}"]


def test_quiet_hours_are_read_and_some_time(folder: Path, problems: Problems) -> None:
    (folder / "roster.yaml").write_text(OFFICERS + 'quiet_hours: {from: "22:00", to: "06:00"}\n')
    assert load(folder, {}).roster.quiet == Quiet(time(22), time(6))
    [line] = problems(roster=OFFICERS + 'quiet_hours: {from: "22:00", to: "22:00"}\n')
    assert "quiet_hours" in line
    assert "expected from and to at different times" in line
