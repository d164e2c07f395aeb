"""Leave, swaps, and what is wrong with a roster."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from defacewatch.errors import Conflict, NotFound, UsageError
from defacewatch.language import translator
from defacewatch.roster import Duty, Officer, Roster, on_duty
from defacewatch.rostering import (
    Fault,
    Finding,
    arranges,
    as_entered,
    fault_text,
    findings,
    on_leave,
    swapped,
    uncovered,
    with_absences,
)
from defacewatch.shifts import Absence, Rotation, Shift, Slot, Team

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
SLOTS = (Slot("Ca 1", time(6), time(14)), Slot("Ca 2", time(14), time(22)), Slot("Ca 3", time(22), time(6)))
PEOPLE = ("an", "binh", "cuc", "dung")
TEAMS = tuple(Team(f"kip-{key}", f"Kíp {key}", (key,)) for key in PEOPLE)
ROSTER = Roster(
    tuple(Officer(key, key.title(), email=f"{key}@example.gov.vn") for key in PEOPLE),
    rotations=(Rotation(TEAMS, SLOTS, date(2026, 12, 1)),),
)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


START, END = local("2026-12-01T06:00"), local("2026-12-05T06:00")


def told(roster: Roster, at: str) -> list[str]:
    return [officer.key for officer in on_duty(roster, local(at))]


def test_leave_puts_another_in_their_place() -> None:
    absence = on_leave(ROSTER, "an", START, START + timedelta(hours=8), instead="dung", reason="ốm")
    assert absence == Absence("an", START, START + timedelta(hours=8), "dung", "ốm")
    after = with_absences(ROSTER, (absence,))
    assert told(after, "2026-12-01T07:00") == ["dung"]
    assert told(after, "2026-12-02T15:00") == ["an"]


def test_whoever_stands_in_must_be_free_then() -> None:
    with pytest.raises(Conflict, match="binh is on duty already at 2026-12-02 14:00"):
        day = local("2026-12-02T00:00")
        shift = Shift(("binh",), time(12), time(16), first=day.date(), last=day.date())
        both = Roster(ROSTER.officers, (shift, Shift(("an",), time(14), time(22), first=day.date())))
        on_leave(both, "an", day, day + timedelta(days=1), instead="binh", reason="x")
    away = with_absences(ROSTER, (Absence("dung", START, END),))
    with pytest.raises(Conflict, match="dung is away at 2026-12-01 06:00"):
        on_leave(away, "an", START, END, instead="dung", reason="x")


@pytest.mark.parametrize(
    ("officer", "hours", "instead", "error"),
    [
        ("lan", 8, None, NotFound),
        ("an", 8, "lan", NotFound),
        ("an", 0, None, UsageError),
        ("an", 8, "an", UsageError),
    ],
)
def test_leave_that_cannot_be_is_refused(
    officer: str, hours: int, instead: str | None, error: type[Exception]
) -> None:
    with pytest.raises(error):
        on_leave(ROSTER, officer, START, START + timedelta(hours=hours), instead=instead, reason="x")


def test_nobody_is_away_without_a_reason() -> None:
    with pytest.raises(UsageError, match="Say why"):
        on_leave(ROSTER, "an", START, END, instead=None, reason=" \n")
    with pytest.raises(UsageError, match="Say why"):
        swapped(ROSTER, "an", local("2026-12-01T10:00"), "dung", reason="")
    assert on_leave(ROSTER, "an", START, END, instead=None, reason=" ốm \n nặng ").reason == "ốm nặng"


def test_a_swap_gives_and_takes_whole_turns() -> None:
    halves = swapped(
        ROSTER, "an", local("2026-12-01T10:00"), "dung", back=local("2026-12-02T06:00"), reason="x"
    )
    assert [(a.officer, a.instead, a.start.hour, a.end - a.start) for a in halves] == [
        ("an", "dung", 6, timedelta(hours=8)),
        ("dung", "an", 6, timedelta(hours=8)),
    ]
    after = with_absences(ROSTER, halves)
    assert told(after, "2026-12-01T06:00") == ["dung"]
    assert told(after, "2026-12-02T13:59") == ["an"]
    assert told(after, "2026-12-02T14:00") == ["an"]
    assert not list(findings(after, START, END, ("email", "telegram")))


def test_a_swap_names_turns_that_there_are() -> None:
    with pytest.raises(NotFound, match="an has no duty at 2026-12-01 15:00"):
        swapped(ROSTER, "an", local("2026-12-01T15:00"), "dung", reason="x")
    with pytest.raises(NotFound, match="dung has no duty at 2026-12-01 15:00"):
        swapped(ROSTER, "an", local("2026-12-01T10:00"), "dung", back=local("2026-12-01T15:00"), reason="x")


def test_turns_that_nobody_has_any_more_are_said() -> None:
    absence = on_leave(ROSTER, "an", START, START + timedelta(days=2), instead=None, reason="x")
    assert [turn.name for turn in uncovered(ROSTER, absence)] == ["Ca 1", "Ca 2"]
    assert uncovered(ROSTER, Absence("an", START, END, "dung")) == ()


def test_what_is_wrong_with_a_roster_is_found() -> None:
    assert not list(findings(ROSTER, START, END, ("email", "telegram")))
    team = (Team("kip", "Kíp", ("an", "binh")),)
    late = Shift(("an",), time(12), time(16), days=frozenset(range(7)), name="Thêm")
    away = Absence("binh", local("2026-12-01T07:00"), local("2026-12-01T08:00"))
    rotation = Rotation(team, SLOTS[:1], date(2026, 12, 1))
    by_telegram = tuple(
        replace(one, email=None, telegram_user=7) if one.key == "cuc" else one for one in ROSTER.officers
    )
    roster = Roster(by_telegram, (late,), rotations=(rotation,), absences=(away,))
    found = list(findings(roster, START, local("2026-12-01T20:00"), ("email",)))
    assert found == [
        Finding(Fault.GAP, local("2026-12-01T16:00"), local("2026-12-01T20:00")),
        Finding(
            Fault.DOUBLE, local("2026-12-01T12:00"), local("2026-12-01T14:00"), ("an",), ("Ca 1", "Thêm")
        ),
        Finding(Fault.AWAY, local("2026-12-01T07:00"), local("2026-12-01T08:00"), ("binh",), ("Ca 1",)),
        Finding(Fault.UNREACHABLE, officers=("cuc",)),
    ]


def test_those_who_lead_arrange_for_others_and_nobody_else_does() -> None:
    lan, quan = Officer("lan", "Lan", Duty.SHIFT_LEAD), Officer("quan", "Quân", Duty.ADMIN)
    team = Team("kip", "Kíp", ("an",), lead="binh")
    led = replace(
        ROSTER,
        officers=(*ROSTER.officers, lan, quan),
        rotations=(Rotation((team,), SLOTS[:1], date(2026, 12, 1)),),
    )
    during, after = local("2026-12-01T07:00"), local("2026-12-01T15:00")
    assert [arranges(led, key, during) for key in ("lan", "quan", "binh", "an", "x")] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert not arranges(led, "binh", after)


def test_the_absences_that_stand_take_the_place_of_those_that_were_read() -> None:
    file, old = Absence("an", START, END), Absence("binh", START, END, id=1)
    new = Absence("cuc", START, END, id=2)
    assert as_entered(replace(ROSTER, absences=(file, old)), (new,)).absences == (file, new)


def test_a_fault_is_said_in_the_language_of_the_reader() -> None:
    gap = Finding(Fault.GAP, START, START + timedelta(hours=1))
    assert fault_text(ROSTER, gap) == "01/12/2026 06:00 – 01/12/2026 07:00: nobody is on duty"
    assert fault_text(ROSTER, gap, translator("vi")).endswith(": không ai trực")
    with pytest.raises(UsageError) as raised:
        on_leave(ROSTER, "an", START, END, instead="an", reason="x")
    assert raised.value.said(translator("vi"), officer="An") == "An không thể tự trực thay chính mình"
