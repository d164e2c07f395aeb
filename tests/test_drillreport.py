"""What comes of drills by shift and month."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from defacewatch.drillreport import Drilled, Spread, Told, Watch, report, watch_at
from defacewatch.roster import Officer, Roster
from defacewatch.shifts import Rotation, Shift, Slot, Team

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
DAY, NIGHT = Watch("Ca 1", "kip-1", ("an", "binh")), Watch("Ca 3", "kip-2", ("cuc",))


def seconds(count: float | None) -> timedelta | None:
    return None if count is None else timedelta(seconds=count)


def drilled(
    began: str, watch: Watch, *, received: float | None = 20, answered: float | None = 60, over: bool = True
) -> Drilled:
    told = (Told("telegram", "an", timedelta(seconds=12)),) if received is not None else ()
    at = datetime.fromisoformat(began).replace(tzinfo=ZONE)
    by = None if answered is None else "an"
    times = seconds(received), by, seconds(answered)
    return Drilled(1, "tinh", at, timedelta(seconds=10), told, *times, over, watch)


def test_each_shift_has_its_row_in_each_month_and_the_month_its_total() -> None:
    drills = [
        drilled("2026-11-03T09:00", DAY, answered=40),
        drilled("2026-11-10T09:00", DAY, answered=100),
        drilled("2026-11-17T09:00", DAY, answered=50),
        drilled("2026-11-20T23:00", NIGHT, received=None, answered=None),
        drilled("2026-10-31T23:30", NIGHT),
    ]
    rows = list(report(drills, ZONE))
    assert [(row.month, row.watch.shift, row.total, row.drills) for row in rows] == [
        ("2026-10", "Ca 3", False, 1),
        ("2026-10", "", True, 1),
        ("2026-11", "Ca 1", False, 3),
        ("2026-11", "Ca 3", False, 1),
        ("2026-11", "", True, 4),
    ]
    day, night, total = rows[2:]
    assert day.acknowledged == Spread(timedelta(seconds=50), timedelta(seconds=100))
    assert (day.unacknowledged, day.unreceived, day.watch.officers) == (0, 0, ("an", "binh"))
    assert (night.unacknowledged, night.unreceived) == (1, 1)
    assert (night.sent, night.received, night.acknowledged) == (None, None, None)
    assert night.detected == Spread(timedelta(seconds=10), timedelta(seconds=10))
    assert (total.unacknowledged, total.unreceived, total.watch.officers) == (1, 1, ("an", "binh", "cuc"))
    assert total.acknowledged == day.acknowledged


def test_half_of_an_even_number_lies_between_the_two_in_the_middle() -> None:
    drills = [drilled(f"2026-11-0{n}T09:00", DAY, answered=10.0 * n) for n in (1, 2, 3, 4)]
    assert next(report(drills, ZONE)).acknowledged == Spread(timedelta(seconds=25), timedelta(seconds=40))


def test_a_drill_that_runs_is_in_no_report() -> None:
    assert list(report([drilled("2026-11-03T09:00", DAY, over=False)], ZONE)) == []


def test_months_are_local() -> None:
    (shift, _) = report([drilled("2026-12-01T00:30", NIGHT)], ZONE)
    assert shift.month == "2026-12"


def test_who_stands_watch_is_named_by_shift_team_and_people() -> None:
    teams = (Team("kip-1", "Kíp 1", ("an",), ("binh",)), Team("kip-2", "Kíp 2", ("cuc",)))
    slots = (Slot("Ca 1", time(6), time(18)), Slot("Ca 2", time(18), time(6)))
    people = tuple(Officer(key, key) for key in ("an", "binh", "cuc"))
    roster = Roster(people, rotations=(Rotation(teams, slots, date(2026, 11, 1)),))
    assert watch_at(roster, datetime(2026, 11, 1, 3, tzinfo=UTC)) == Watch("Ca 1", "kip-1", ("an", "binh"))
    unnamed = Roster(people, (Shift(("cuc",), time(7), time(15), days=frozenset(range(7))),))
    assert watch_at(unnamed, datetime(2026, 11, 1, 3, tzinfo=UTC)) == Watch("07:00–15:00", None, ("cuc",))
    assert watch_at(unnamed, datetime(2026, 11, 1, 13, tzinfo=UTC)) == Watch()
