"""Checks that found nothing leave a line a day; all others keep their rows."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from defacewatch.alerts import AlertKind, Draft
from defacewatch.captures import Tier
from defacewatch.incidents import Resolution
from defacewatch.portals import Urgency
from defacewatch.store import Store
from defacewatch.store.rollup import BATCH, ROLLED_AFTER, forget_days, roll_up
from defacewatch.store.schema import check_days, checks
from defacewatch.store.states import CheckDay
from defacewatch.verdicts import Verdict, VerdictKind
from tests.store.samples import (
    CHANGED,
    CLEAN,
    DEFACED,
    NOW,
    UNREACHABLE,
    checked,
    outcome,
    portal,
    registered,
)

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MIDNIGHT = NOW.replace(hour=0, minute=0)
LEARNING = Verdict(VerdictKind.LEARNING)


async def rendered(
    store: Store, page: str, hour: int, verdict: Verdict = CLEAN, elapsed: float = 1.0
) -> None:
    """A check with the browser so many hours after midnight."""
    at = MIDNIGHT + hour * HOUR
    context = await store.checks.context(page, now=at)
    made = outcome(context, verdict, at, tier=Tier.RENDER)
    await store.checks.record(replace(made, elapsed=elapsed, looks=2))


async def test_clean_checks_of_a_day_become_one_line_once_they_are_two_days_old(store: Store) -> None:
    page = await registered(store)
    for hour, seconds in ((1, 2.0), (2, 5.0), (23, 1.0), (24, 3.0), (30, 4.0)):
        await rendered(store, page, hour, elapsed=seconds)
    assert await roll_up(store.engine, now=MIDNIGHT + ROLLED_AFTER + HOUR) == 0
    assert await roll_up(store.engine, now=MIDNIGHT + ROLLED_AFTER + 29 * HOUR) == 4
    clean = CheckDay(page, MIDNIGHT, Tier.RENDER, VerdictKind.CLEAN, 3, 6, 8.0, 5.0)
    next_day = replace(clean, day=MIDNIGHT + DAY, checks=1, looks=2, elapsed=3.0, longest=3.0)
    assert await store.checks.days(page) == [next_day, clean]
    assert [row.at for row in await store.checks.history(page)] == [MIDNIGHT + 30 * HOUR]
    assert await roll_up(store.engine, now=MIDNIGHT + 10 * DAY) == 1
    assert await store.checks.days(page) == [
        replace(next_day, checks=2, looks=4, elapsed=7.0, longest=4.0),
        clean,
    ]


async def test_each_page_tier_and_verdict_has_a_line_of_its_own(store: Store) -> None:
    await store.portals.apply([portal("a", "/", "/x")], now=NOW)
    first, second = [page.id for _, page in await store.portals.find(())]
    await checked(store, first, LEARNING, MIDNIGHT)
    await rendered(store, first, 1, LEARNING)
    await rendered(store, first, 2)
    await rendered(store, second, 2)
    assert await roll_up(store.engine, now=MIDNIGHT + 10 * DAY) == 4
    lines = [(line.tier, line.verdict, line.checks) for line in await store.checks.days(first)]
    assert lines == [
        (Tier.PROBE, VerdictKind.LEARNING, 1),
        (Tier.RENDER, VerdictKind.CLEAN, 1),
        (Tier.RENDER, VerdictKind.LEARNING, 1),
    ]
    assert len(await store.checks.days(second)) == 1
    assert len(await store.checks.days(first, limit=2)) == 2


@pytest.mark.parametrize("verdict", [CHANGED, DEFACED, UNREACHABLE, replace(CLEAN, wavered=True)])
async def test_a_check_that_found_something_keeps_its_row(store: Store, verdict: Verdict) -> None:
    page = await registered(store)
    await rendered(store, page, 1, verdict)
    assert await roll_up(store.engine, now=NOW + 10 * DAY) == 0
    assert len(await store.checks.history(page)) == 1


async def test_the_checks_of_an_incident_keep_their_rows_also_the_clean_ones(store: Store) -> None:
    page = await registered(store)
    await rendered(store, page, 1, DEFACED)
    await rendered(store, page, 2)
    (view,) = await store.incidents.list()
    await store.incidents.resolve(view.incident.id, as_=Resolution.RESTORED, by="an", now=NOW)
    await rendered(store, page, 24)
    assert await roll_up(store.engine, now=NOW + 10 * DAY) == 1
    assert [row.incident for row in await store.checks.history(page)] == [view.incident.id] * 2


async def test_a_check_that_somebody_was_told_of_keeps_its_row(store: Store) -> None:
    page = await registered(store)
    context = await store.checks.context(page, now=NOW)
    told = (Draft(AlertKind.CERTIFICATE, Urgency.NORMAL),)
    await store.checks.record(outcome(context, CLEAN, alerts=told))
    assert await roll_up(store.engine, now=NOW + 10 * DAY) == 0
    alert = await store.alerts.claim(NOW)
    assert alert is not None
    assert (await store.alerts.facts(alert.id)).verdict == CLEAN


async def test_a_check_leaves_its_capture_behind(store: Store) -> None:
    page = await registered(store)
    made = await checked(store, page, mark="a")
    assert made.kept is not None
    assert await roll_up(store.engine, now=NOW + 10 * DAY) == 1
    assert await store.baselines.captures(page) == [made.kept.capture]
    assert await store.upkeep.check() == []


async def test_more_checks_than_a_batch_are_rolled_up_and_none_is_counted_twice(store: Store) -> None:
    page = await registered(store)
    await rendered(store, page, 1)
    async with store.engine.writing() as db:
        (row,) = (await db.execute(select(checks))).mappings()
        copies = [dict(row) | {"id": row["id"] + number} for number in range(1, 2 * BATCH + 1)]
        await db.execute(insert(checks), copies)
    assert await roll_up(store.engine, now=NOW + 10 * DAY) == 2 * BATCH + 1
    (line,) = await store.checks.days(page)
    assert (line.checks, line.looks, line.elapsed) == (2 * BATCH + 1, 2 * (2 * BATCH + 1), 2 * BATCH + 1)
    assert await store.checks.history(page) == []


async def test_lines_go_when_their_day_ended_long_enough_ago(store: Store) -> None:
    page = await registered(store)
    for hour in (1, 25, 49):
        await rendered(store, page, hour)
    await roll_up(store.engine, now=NOW + 10 * DAY)
    assert await forget_days(store.engine, before=MIDNIGHT + 47 * HOUR) == 1
    assert [line.day for line in await store.checks.days(page)] == [MIDNIGHT + 2 * DAY, MIDNIGHT + DAY]
    assert await forget_days(store.engine, before=MIDNIGHT + 10 * DAY) == 2
    async with store.engine.reading() as db:
        assert (await db.execute(select(check_days))).all() == []


async def test_retention_rolls_up_first_and_forgets_when_a_year_is_over(store: Store) -> None:
    page = await registered(store)
    await rendered(store, page, 1)
    year, room = timedelta(days=365), 10**12
    removed = await store.upkeep.retention(now=NOW + 3 * DAY, max_age=year, max_bytes=room)
    assert (removed.rolled, removed.days, removed.checks) == (1, 0, 0)
    removed = await store.upkeep.retention(now=NOW + 367 * DAY, max_age=year, max_bytes=room)
    assert (removed.rolled, removed.days, removed.checks) == (0, 1, 0)
