from datetime import date, time, timedelta
from pathlib import Path

import pytest

from defacewatch.config import load
from defacewatch.roster import Duty, Officer, RaisedWatch, Shift, Step
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
  - {after: 1h, to: leadership}
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
        Step(timedelta(hours=1), "leadership"),
    )
    assert roster.raised_watch == (
        RaisedWatch("Quốc khánh 2/9", date(2026, 8, 31), date(2026, 9, 3), timedelta(seconds=15)),
    )


def test_escalation_goes_by_time_however_it_is_written(folder: Path) -> None:
    (folder / "roster.yaml").write_text(
        "escalation:\n  - {after: 30m, to: leadership}\n  - {after: 0m, to: on_duty}\n"
    )
    assert [step.to for step in load(folder, {}).roster.escalation] == ["on_duty", "leadership"]


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
            "4: officers[2].key: expected a key other than on_duty, officer, shift_lead, leadership, admin",
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
        ("escalation: []", "4: escalation: expected at least one item"),
        (
            "escalation:\n  - {after: -5m, to: on_duty}",
            "5: escalation[0].after: expected a duration such as 30s, 10m, 2h or 1d (at most 366d),"
            " not '-5m'",
        ),
        (
            "escalation:\n  - {after: 5m, to: director}",
            "5: escalation[0].to: expected on_duty, officer, shift_lead, leadership, admin or the key of an"
            " officer, not 'director'",
        ),
        (
            "raised_watch:\n  - {name: Tết, from: 2027-02-11, to: 2027-02-05}",
            "5: raised_watch[0]: expected to (2027-02-05) not before from (2027-02-11)",
        ),
        (
            "raised_watch:\n  - {name: Tết, from: 05/02/2027, to: 2027-02-11}",
            "5: raised_watch[0].from: expected a date such as 2027-02-05, not '05/02/2027'",
        ),
    ],
)
def test_a_wrong_roster_is_one_line(problems: Problems, text: str, expected: str) -> None:
    assert problems(roster=OFFICERS + text) == [f"roster.yaml:{expected}"]
