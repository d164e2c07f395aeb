from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from defacewatch.portals import Urgency
from defacewatch.raising import RaisedWatch
from defacewatch.roster import (
    KINDS,
    Duty,
    Officer,
    Quiet,
    Roster,
    Step,
    due_of,
    on_duty,
    raised,
    recipients,
    stand_ins,
    step_after,
    step_of,
    steps_for,
    told_from,
)
from defacewatch.shifts import Shift, gaps

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
AN = Officer("an", "An", telegram_user=1, email="an@example.gov.vn")
BINH = Officer("binh", "Bình", email="binh@example.gov.vn")
CUC = Officer("cuc", "Cúc", role=Duty.SHIFT_LEAD, telegram_user=3)
DUNG = Officer("dung", "Dũng", role=Duty.LEADERSHIP)
ALL_DAYS = frozenset(range(7))
DAY = Shift(("an",), time(7), time(19), days=ALL_DAYS)
NIGHT = Shift(("binh",), time(19), time(7), days=ALL_DAYS)
HOLIDAY = Shift(("cuc",), time(7), time(7), first=date(2026, 9, 2), last=date(2026, 9, 2))
ROSTER = Roster((AN, BINH, CUC, DUNG), (DAY, NIGHT))


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("at", "officers"),
    [
        ("2026-09-01T07:00", ["an"]),
        ("2026-09-01T18:59:59", ["an"]),
        ("2026-09-01T19:00", ["binh"]),
        ("2026-09-02T06:59:59", ["binh"]),
    ],
)
def test_a_shift_holds_from_its_first_second_to_its_last_also_over_midnight(
    at: str, officers: list[str]
) -> None:
    assert [o.key for o in on_duty(ROSTER, local(at).astimezone(UTC))] == officers


def test_a_dated_shift_overrides_the_week_while_it_runs() -> None:
    roster = Roster(ROSTER.officers, (DAY, NIGHT, HOLIDAY))
    assert [o.key for o in on_duty(roster, local("2026-09-02T06:59"))] == ["binh"]
    assert [o.key for o in on_duty(roster, local("2026-09-02T07:00"))] == ["cuc"]
    assert [o.key for o in on_duty(roster, local("2026-09-03T06:59"))] == ["cuc"]
    assert [o.key for o in on_duty(roster, local("2026-09-03T07:00"))] == ["an"]


def test_a_gap_is_found_and_falls_to_the_shift_lead() -> None:
    roster = Roster(ROSTER.officers, (DAY,))
    night = local("2026-09-01T23:00")
    assert on_duty(roster, night) == ()
    assert recipients(roster, "on_duty", night) == (CUC,)
    assert gaps(roster, local("2026-09-01T00:00"), local("2026-09-02T00:00")) == (
        (local("2026-09-01T00:00"), local("2026-09-01T07:00")),
        (local("2026-09-01T19:00"), local("2026-09-02T00:00")),
    )
    assert gaps(ROSTER, local("2026-09-01T00:00"), local("2026-09-08T00:00")) == ()


def test_an_alert_falls_to_somebody_while_the_roster_has_one_officer() -> None:
    night = local("2026-09-01T23:00")
    assert recipients(Roster((DUNG,)), "on_duty", night) == (DUNG,)
    assert recipients(Roster((BINH,)), "shift_lead", night) == (BINH,)
    assert recipients(Roster(), "on_duty", night) == ()


def test_a_step_names_those_on_duty_a_role_or_an_officer() -> None:
    noon = local("2026-09-01T12:00")
    assert recipients(ROSTER, "on_duty", noon) == (AN,)
    assert recipients(ROSTER, "shift_lead", noon) == (CUC,)
    assert recipients(ROSTER, "binh", noon) == (BINH,)


def test_stand_ins_go_up_and_never_name_those_who_failed_or_have_no_channel() -> None:
    noon = local("2026-09-01T12:00")
    assert stand_ins(ROSTER, ["an"], noon) == (CUC,)
    assert stand_ins(ROSTER, ["an", "cuc"], noon) == (BINH,)
    assert stand_ins(ROSTER, ["an", "cuc", "binh"], noon) == ()


def test_channels_are_tried_telegram_first() -> None:
    assert AN.channels == ("telegram", "email")
    assert BINH.channels == ("email",)
    assert DUNG.channels == ()


def test_a_raised_watch_holds_for_its_dates_in_local_time() -> None:
    watch = RaisedWatch("2/9", date(2026, 8, 31), date(2026, 9, 3), timedelta(seconds=15))
    roster = Roster(raised_watch=(watch,))
    assert raised(roster, datetime(2026, 8, 30, 16, 59, tzinfo=UTC)) is None
    assert raised(roster, datetime(2026, 8, 30, 17, 0, tzinfo=UTC)) is watch
    assert raised(roster, datetime(2026, 9, 3, 16, 59, tzinfo=UTC)) is watch
    assert raised(roster, datetime(2026, 9, 3, 17, 0, tzinfo=UTC)) is None


NOON = local("2026-12-01T12:00")
STEPS = (
    Step(timedelta(0), "on_duty"),
    Step(timedelta(minutes=10), "shift_lead", kinds=frozenset({"changed", "defaced"})),
    Step(timedelta(minutes=30), "leadership", timedelta(minutes=15), frozenset({"defaced"})),
)


def test_each_kind_of_alert_takes_its_own_steps() -> None:
    roster = Roster(escalation=STEPS)
    assert steps_for(roster, "defaced", NOON) == STEPS
    assert steps_for(roster, "changed", NOON) == STEPS[:2]
    assert steps_for(roster, "blind", NOON) == STEPS[:1]
    only = Roster(escalation=STEPS[2:])
    assert steps_for(only, "changed", NOON) == STEPS[2:], "an alert always goes somewhere"


def test_the_last_step_comes_again_and_again_where_it_says_so() -> None:
    at = local("2026-09-02T02:00")
    due = [due_of(STEPS, number, at) for number in range(6)]
    assert [moment and (moment - at) // timedelta(minutes=1) for moment in due] == [0, 10, 30, 45, 60, 75]
    assert step_of(STEPS, 5) == STEPS[2]
    assert due_of(STEPS[:2], 2, at) is None
    assert step_of(STEPS[:2], 2) is None
    assert step_of((), 0) is None


def test_the_next_step_is_found_by_its_time_and_what_comes_again_comes_after_now() -> None:
    at, minute = local("2026-09-02T02:00"), timedelta(minutes=1)

    def following(reached: float | None, now: float = 0, number: int = 0) -> tuple[int, float] | None:
        then = None if reached is None else at + reached * minute
        due = step_after(STEPS, at, then, number=number, now=at + now * minute)
        return None if due is None else (due.number, (due.at - at) / minute)

    assert following(None) == (0, 0)
    assert [following(reached) for reached in (0, 5, 10, 30, 45)] == [
        (1, 10),
        (1, 10),
        (2, 30),
        (3, 45),
        (4, 60),
    ]
    assert following(10, now=600) == (2, 30), "what was not told yet is told, however late"
    assert following(30, now=600) == (41, 615)
    assert following(30, number=7) == (7, 45), "a number is never given twice"
    assert step_after(STEPS[:2], at, at + 10 * minute) is None
    assert step_after((), at, None) is None


def test_steps_of_the_same_time_are_taken_together() -> None:
    at = local("2026-09-02T02:00")
    steps = (STEPS[0], replace(STEPS[1], after=timedelta(0)), STEPS[2])
    first = step_after(steps, at, None)
    assert first is not None
    assert (first.number, first.to) == (0, ("on_duty", "shift_lead"))
    then = step_after(steps, at, first.at, number=1)
    assert then is not None
    assert (then.number, then.to) == (2, ("leadership",))


def test_by_default_an_attack_is_told_on_and_on_and_a_change_is_not() -> None:
    at = local("2026-09-02T02:00")
    defaced, changed = (steps_for(Roster(), kind, NOON) for kind in ("defaced", "changed"))
    assert due_of(defaced, 9, at) == at + timedelta(minutes=30 + 7 * 30)
    assert due_of(changed, 3, at) is None
    assert all(steps_for(Roster(), kind, NOON)[0].to == "on_duty" for kind in KINDS)


def test_a_raised_watch_makes_escalation_quicker_for_what_is_raised_within_it() -> None:
    watch = RaisedWatch("2/9", date(2026, 9, 1), date(2026, 9, 3), hasten=2.0)
    roster = Roster(escalation=STEPS, raised_watch=(watch,))
    during, later = local("2026-09-02T02:00"), local("2026-09-04T02:00")
    assert [due_of(steps_for(roster, "defaced", during), n, during) for n in (1, 2, 3)] == [
        during + timedelta(minutes=minutes) for minutes in (5, 15, 22.5)
    ]
    assert due_of(steps_for(roster, "defaced", later), 1, later) == later + timedelta(minutes=10)


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ("2026-12-01T21:59:59", "2026-12-01T21:59:59"),
        ("2026-12-01T22:00", "2026-12-02T06:00"),
        ("2026-12-02T05:59:59", "2026-12-02T06:00"),
        ("2026-12-02T06:00", "2026-12-02T06:00"),
    ],
)
def test_a_change_that_is_not_urgent_waits_for_the_end_of_the_quiet_hours(at: str, told: str) -> None:
    roster = Roster(quiet=Quiet(time(22), time(6)))
    assert told_from(roster, "changed", Urgency.NORMAL, local(at)) == local(told)


def test_quiet_hours_keep_back_no_attack_no_outage_nothing_urgent_and_nothing_in_a_raised_watch() -> None:
    roster = Roster(quiet=Quiet(time(22), time(6)))
    night = local("2026-12-01T23:00")
    for kind in ("defaced", "unreachable", "blind"):
        assert told_from(roster, kind, Urgency.NORMAL, night) == night
    assert told_from(roster, "changed", Urgency.HIGH, night) == night
    watch = RaisedWatch("Lễ", date(2026, 12, 1), date(2026, 12, 2))
    assert told_from(replace(roster, raised_watch=(watch,)), "changed", Urgency.NORMAL, night) == night
    assert told_from(Roster(), "changed", Urgency.NORMAL, night) == night


def test_quiet_hours_within_one_day_end_on_it() -> None:
    roster = Roster(quiet=Quiet(time(12), time(13, 30)))
    assert told_from(roster, "changed", Urgency.NORMAL, NOON) == local("2026-12-01T13:30")
