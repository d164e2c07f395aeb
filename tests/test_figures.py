"""The figures of a period: what counts, from when to when, and how long things took."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from defacewatch.alerts import AlertKind
from defacewatch.figures import (
    Happened,
    Interruption,
    Period,
    Spread,
    calmed_at,
    figures_of,
    interruptions,
    spread,
)
from defacewatch.incidents import Event, Resolution
from defacewatch.verdicts import VerdictKind
from tests.reports.samples import MADE, NOVEMBER, ZONE, handover, local, november, story

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


def test_a_month_is_its_local_days() -> None:
    assert (NOVEMBER.first, NOVEMBER.last) == (date(2026, 11, 1), date(2026, 11, 30))
    assert NOVEMBER.start == datetime(2026, 10, 31, 17, tzinfo=UTC)
    assert NOVEMBER.end == datetime(2026, 11, 30, 17, tzinfo=UTC)
    assert NOVEMBER.is_month
    assert not Period(date(2026, 11, 1), date(2026, 11, 29), ZONE).is_month
    assert Period.month(2026, 12, ZONE).last == date(2026, 12, 31)
    assert Period.month(2028, 2, ZONE).last == date(2028, 2, 29)


def test_the_month_before_is_the_last_that_is_over_where_the_duty_desk_is() -> None:
    assert Period.month_before(datetime(2026, 11, 30, 16, 59, tzinfo=UTC), ZONE) == Period.month(
        2026, 10, ZONE
    )
    assert Period.month_before(datetime(2026, 11, 30, 17, 0, tzinfo=UTC), ZONE) == NOVEMBER
    assert Period.month_before(datetime(2027, 1, 5, tzinfo=UTC), ZONE) == Period.month(2026, 12, ZONE)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ([], (None, None, None)),
        ([7], (7, 7, 7)),
        ([1, 2], (1, 2, 2)),
        (list(range(10, 0, -1)), (5, 9, 10)),
        (list(range(1, 12)), (6, 10, 11)),
    ],
)
def test_a_spread_is_by_nearest_rank(seconds: list[int], expected: tuple[int | None, ...]) -> None:
    made = spread([*(timedelta(seconds=s) for s in seconds), None])
    wanted = [None if s is None else timedelta(seconds=s) for s in expected]
    assert made == Spread(len(seconds), *wanted)


@given(st.lists(st.timedeltas(timedelta(0), timedelta(days=400)), min_size=1))
def test_a_spread_is_in_order_and_of_what_it_was_made_of(spans: list[timedelta]) -> None:
    made = spread(spans)
    assert made.p50 is not None
    assert made.p90 is not None
    assert min(spans) <= made.p50 <= made.p90 <= max(spans) == made.longest
    assert {made.p50, made.p90} <= set(spans)
    assert sum(span <= made.p50 for span in spans) * 2 >= len(spans)
    assert sum(span <= made.p90 for span in spans) * 10 >= len(spans) * 9


def test_times_are_from_the_first_bad_look_to_receipt_acknowledgement_and_restoration() -> None:
    figures = november()
    assert figures.alert == Spread(6, 20 * SECOND, 31 * SECOND, 31 * SECOND)
    assert figures.acknowledge == Spread(6, 300 * SECOND, 1260 * SECOND, 1260 * SECOND)
    assert figures.restore == Spread(3, 5460 * SECOND, 9000 * SECOND, 9000 * SECOND)
    assert figures.answered == (5, 7)  # one was taken after it had escalated, one never


def test_what_began_before_is_carried_and_counts_in_no_time() -> None:
    figures = november()
    assert [story.incident for story in figures.carried] == [98]
    assert 98 not in [story.incident for story in figures.stories]


def test_a_drill_never_counts_among_what_was_real() -> None:
    figures, without = november(), november(
        story(111, "2026-11-22T09:00", told=5, taken=6, ended=9, as_=Resolution.DRILL, drill=True),
        story(112, "2026-11-23T09:00", told=None, taken=None, ended=None, escalated=600, drill=True),
    )  # fmt: skip
    assert [story.incident for story in without.drills] == [110, 111, 112]
    assert replace(without, drills=figures.drills) == figures


def test_the_page_that_came_back_counts_from_when_it_stayed() -> None:
    at = local("2026-11-02T09:00")
    events = [
        (Event.OPENED, 0),
        (Event.CALMED, 5),
        (Event.RETURNED, 6),
        (Event.CALMED, 9),
        (Event.COMMENT, 10),
    ]
    assert calmed_at((event, at + n * MINUTE) for event, n in events) == at + 9 * MINUTE
    assert calmed_at([(Event.CALMED, at), (Event.WORSENED, at + MINUTE)]) is None
    assert calmed_at([(Event.CALMED, at), (Event.CALMED, at + MINUTE)]) == at


def test_what_was_no_harm_was_never_restored() -> None:
    real = story(1, "2026-11-02T09:00", ended=600)
    calm = replace(real, calmed_at=real.opened_at + MINUTE)
    assert real.restored_at == real.resolved_at
    assert calm.restored_at == calm.calmed_at
    for resolution in (Resolution.FALSE_ALARM, Resolution.LEGITIMATE, Resolution.DRILL):
        assert replace(calm, resolved_as=resolution).restored_at is None
    still = story(1, "2026-11-02T09:00", ended=None)
    assert still.restored_at is None
    assert replace(still, calmed_at=still.opened_at + MINUTE).restored_at == still.opened_at + MINUTE


def test_false_alarms_are_counted_for_each_officer_who_was_told_by_week() -> None:
    figures = november(
        story(120, "2026-11-16T00:30", VerdictKind.CHANGED, as_=Resolution.FALSE_ALARM),  # Monday, local time
        story(121, "2026-11-17T00:30", VerdictKind.CHANGED, as_=Resolution.LEGITIMATE),
    )
    an, binh = figures.false_alarms
    assert (an.officer, an.weeks) == ("an", {date(2026, 11, 9): 2, date(2026, 11, 16): 1})
    assert (binh.officer, binh.weeks) == ("binh", {date(2026, 11, 9): 1})
    assert an.total == 3


def test_availability_is_of_all_pages_and_of_the_time_so_far() -> None:
    outage = story(1, "2026-10-31T23:00", VerdictKind.UNREACHABLE, ended=7200)
    second = story(2, "2026-11-04T00:00", VerdictKind.UNREACHABLE, ended=None)
    now = local("2026-11-05T00:00")
    (portal,) = figures_of(Happened((outage, second), pages={"songhong": 5}), NOVEMBER, now).portals
    assert portal.down == timedelta(hours=1 + 24)  # an hour of the first lies in the month before
    assert portal.available == pytest.approx(1 - 25 / (5 * 96))
    assert portal.verdicts == {VerdictKind.UNREACHABLE: 1}


def test_incidents_are_counted_by_verdict_and_end() -> None:
    assert november().ended() == {
        (VerdictKind.DEFACED, Resolution.RESTORED): 2,
        (VerdictKind.DEFACED, None): 1,
        (VerdictKind.CHANGED, Resolution.FALSE_ALARM): 2,
        (VerdictKind.CHANGED, Resolution.LEGITIMATE): 1,
        (VerdictKind.UNREACHABLE, Resolution.RESTORED): 1,
    }


def test_interruptions_are_paired_by_kind_and_channel_and_only_those_that_touch_the_period_count() -> None:
    told = [
        (AlertKind.BLIND, "", local("2026-10-20T08:00")),
        (AlertKind.SIGHTED, "", local("2026-10-20T09:00")),
        (AlertKind.CHANNEL_DOWN, "telegram", local("2026-10-31T23:00")),
        (AlertKind.CHANNEL_DOWN, "email", local("2026-11-02T10:00")),
        (AlertKind.CHANNEL_UP, "telegram", local("2026-11-02T11:00")),
        (AlertKind.BEHIND, "", local("2026-11-03T11:00")),
        (AlertKind.SIGHTED, "", local("2026-11-03T12:00")),  # that ends nothing
        (AlertKind.CAUGHT_UP, "", local("2026-11-03T12:30")),
    ]
    telegram, email, behind = interruptions(told, NOVEMBER)
    assert telegram == Interruption(AlertKind.CHANNEL_DOWN, told[2][2], told[4][2], "telegram")
    assert email == Interruption(AlertKind.CHANNEL_DOWN, told[3][2], None, "email")
    assert behind == Interruption(AlertKind.BEHIND, told[5][2], told[7][2])
    assert NOVEMBER.within(telegram.start, told[4][2]) == timedelta(hours=35)


def test_what_was_not_well_at_the_same_time_counts_once() -> None:
    down = AlertKind.CHANNEL_DOWN
    ill = (
        Interruption(down, local("2026-10-31T20:00"), local("2026-11-02T00:00"), "telegram"),
        Interruption(down, local("2026-11-01T12:00"), local("2026-11-02T06:00"), "email"),
        Interruption(AlertKind.BEHIND, local("2026-11-01T13:00"), local("2026-11-01T14:00")),
        Interruption(AlertKind.BLIND, local("2026-11-20T00:00"), local("2026-11-20T01:00")),
        Interruption(down, MADE - timedelta(hours=2), None, "sms"),
    )
    in_it = NOVEMBER.within(MADE - timedelta(hours=2), MADE)
    figures = figures_of(Happened(interruptions=ill), NOVEMBER, MADE)
    assert figures.unwell == timedelta(hours=30 + 1) + in_it


def test_coverage_is_what_was_measured_at_the_changes_of_shift() -> None:
    odd: list[dict[str, object]] = [{"coverage": "97.25%"}, {}, {"coverage": "x"}, {"coverage": "1e9%"}]
    more = [handover(3 + n) for n in range(len(odd))]
    summaries = [replace(one, summary=summary) for one, summary in zip(more, odd, strict=True)]
    figures = figures_of(Happened(handovers=(handover(), *summaries)), NOVEMBER, MADE)
    assert figures.coverage == pytest.approx((0.998, 0.9725))


def test_a_period_without_anything_has_figures_all_the_same() -> None:
    figures = figures_of(Happened(pages={"a": 2, "b": 1}), NOVEMBER, MADE)
    assert figures.alert == figures.restore == Spread(0)
    assert figures.answered == (0, 0)
    assert figures.watched == (2, 3)
    assert (figures.portals, figures.false_alarms, figures.stories) == ((), (), ())
