"""Raised watch: by date, and by Vietnam's public holidays."""

from datetime import date, timedelta

import pytest

from defacewatch.raising import HOLIDAYS, HolidayWatch, RaisedWatch, raised_on, upcoming

LIKE = RaisedWatch("Ngày lễ", date.min, date.min, timedelta(seconds=15))


def periods(*names: str, around: date, before: int = 0, after: int = 0) -> list[str]:
    rule = HolidayWatch(LIKE, frozenset(names), before, after)
    return [f"{watch.first} {watch.last}" for watch in rule.periods(around)]


@pytest.mark.parametrize(
    ("name", "year", "expected"),
    [
        ("tet", 2026, "2026-02-16 2026-02-20"),
        ("tet", 2027, "2027-02-04 2027-02-10"),
        ("national_day", 2026, "2026-08-31 2026-09-02"),  # with the day off that was moved beside it
        ("national_day", 2027, "2027-09-02 2027-09-03"),
        ("hung_kings", 2027, "2027-04-16 2027-04-16"),
        ("reunification", 2026, "2026-04-30 2026-04-30"),
        ("labour", 2026, "2026-05-01 2026-05-01"),
        ("new_year", 2027, "2027-01-01 2027-01-01"),
        ("culture", 2026, "2026-11-24 2026-11-24"),
    ],
)
def test_holidays_are_those_of_vietnam_tet_by_the_lunar_calendar(name: str, year: int, expected: str) -> None:
    assert expected in periods(name, around=date(year, 6, 1))


def test_every_holiday_has_days_in_every_year_of_a_decade() -> None:
    for year in range(2025, 2035):
        for name in HOLIDAYS:
            if name == "culture" and year < 2026:  # there was none before
                continue
            assert periods(name, around=date(year, 6, 1))


def test_holidays_that_follow_one_another_are_one_period() -> None:
    found = periods("reunification", "labour", around=date(2026, 4, 30), before=1, after=1)
    assert "2026-04-29 2026-05-02" in found
    assert len([period for period in found if period.startswith("2026")]) == 1


def test_a_period_that_spans_the_turn_of_the_year_is_found_from_both() -> None:
    for day in (date(2026, 12, 31), date(2027, 1, 2)):
        rule = HolidayWatch(LIKE, frozenset({"new_year"}), 1, 1)
        watch = raised_on((), (rule,), day)
        assert watch is not None
        assert (watch.first, watch.last, watch.probe_every) == (
            date(2026, 12, 31),
            date(2027, 1, 2),
            timedelta(seconds=15),
        )


def test_of_several_the_quickest_runs() -> None:
    slow = RaisedWatch("a", date(2026, 9, 1), date(2026, 9, 5), timedelta(seconds=20))
    rule = HolidayWatch(LIKE, frozenset({"national_day"}))
    day = date(2026, 9, 2)
    assert raised_on((slow,), (), day) is slow
    quickest = raised_on((slow,), (rule,), day)
    assert quickest is not None
    assert quickest.name == "Ngày lễ"
    assert raised_on((slow,), (rule,), date(2026, 9, 4)) is slow
    assert raised_on((slow,), (rule,), date(2026, 9, 6)) is None


def test_what_is_to_come_is_listed_by_date() -> None:
    congress = RaisedWatch("Đại hội", date(2026, 12, 10), date(2026, 12, 12))
    rule = HolidayWatch(LIKE, frozenset({"tet", "new_year"}))
    found = upcoming((congress,), (rule,), date(2026, 12, 1), days=80)
    assert [(watch.name, watch.first) for watch in found] == [
        ("Đại hội", date(2026, 12, 10)),
        ("Ngày lễ", date(2027, 1, 1)),
        ("Ngày lễ", date(2027, 2, 4)),
    ]
