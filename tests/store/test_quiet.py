"""Quiet looks: many at once, and only of pages that stand as they did."""

import asyncio
from datetime import timedelta, timezone

import pytest
from sqlalchemy import select

from defacewatch.captures import Tier
from defacewatch.incidents import Resolution
from defacewatch.records import Quiet
from defacewatch.store import Store
from defacewatch.store.schema import page_state
from tests.conftest import OpenStore
from tests.store.samples import CLEAN, DEFACED, MINUTE, NOW, captured, checked, outcome, portal, registered

GONE = 'a page\'s "id"'


async def several(store: Store, number: int) -> list[str]:
    await store.portals.apply([portal("a", *(f"/{n}" for n in range(number)))], now=NOW)
    return [page.id for _, page in await store.portals.find(())]


async def rest_of(store: Store, page: str) -> list[object]:
    """A page's state without what a quiet look may change."""
    async with store.engine.reading() as db:
        row = (await db.execute(select(page_state).where(page_state.c.page == page))).one()
    return [value for name, value in row._mapping.items() if name not in ("checked_at", "tier")]


async def test_quiet_looks_move_the_time_of_the_last_look_and_nothing_else(store: Store) -> None:
    pages = await several(store, 300)
    await checked(store, pages[0], CLEAN, mark="a")
    before = await rest_of(store, pages[0])
    contexts = [await store.checks.context(page, now=NOW) for page in pages]
    looks = [
        Quiet(page, context.version, NOW + (number + 1) * MINUTE)
        for number, (page, context) in enumerate(zip(pages, contexts, strict=True))
    ]
    assert await store.checks.quiet(looks) == frozenset()
    states = await store.checks.latest()
    assert [state.checked_at for state in states] == [look.at for look in looks]
    assert await rest_of(store, pages[0]) == before
    async with store.engine.reading() as db:
        assert set(await db.scalars(select(page_state.c.tier))) == {Tier.PROBE}
    after = await store.checks.context(pages[0], now=NOW)
    assert (after.version, after.captured_at) == (contexts[0].version, NOW)


async def test_a_batch_without_looks_writes_nothing(store: Store) -> None:
    assert await store.checks.quiet([]) == frozenset()


async def test_pages_that_moved_or_are_gone_are_named_and_left_alone(store: Store) -> None:
    pages = await several(store, 3)
    versions = [(await store.checks.context(page, now=NOW)).version for page in pages]
    await checked(store, pages[1], CLEAN, NOW + MINUTE)
    at = NOW + 2 * MINUTE
    looks = [Quiet(page, version, at) for page, version in zip(pages, versions, strict=True)]
    moved = await store.checks.quiet([*looks, Quiet(GONE, 0, at)])
    assert moved == {pages[1], GONE}
    assert [state.checked_at for state in await store.checks.latest()] == [at, NOW + MINUTE, at]


async def test_the_time_of_the_last_look_never_moves_back(store: Store) -> None:
    page = await registered(store)
    await checked(store, page, CLEAN, NOW + MINUTE)
    version = (await store.checks.context(page, now=NOW)).version
    assert await store.checks.quiet([Quiet(page, version, NOW)]) == frozenset()
    assert (await store.checks.context(page, now=NOW)).checked_at == NOW + MINUTE


async def test_of_several_looks_at_one_page_the_latest_counts(store: Store) -> None:
    page = await registered(store)
    here = timezone(timedelta(hours=7))
    latest = (NOW + 2 * MINUTE).replace(microsecond=7).astimezone(here)
    looks = [Quiet(page, 0, NOW + MINUTE), Quiet(page, 0, latest), Quiet(page, 0, NOW)]
    assert await store.checks.quiet(looks) == frozenset()
    assert (await store.checks.context(page, now=NOW)).checked_at == latest


@pytest.mark.parametrize("person", ["acknowledges", "resolves", "approves"])
async def test_a_quiet_look_says_nothing_about_what_a_person_has_moved(store: Store, person: str) -> None:
    page = await registered(store)
    await checked(store, page, DEFACED, mark="bad")
    capture = await captured(store, page)
    context = await store.checks.context(page, now=NOW)
    assert context.incident is not None
    if person == "acknowledges":
        await store.incidents.acknowledge(context.incident.id, by="an", via="cli", now=NOW)
    elif person == "resolves":
        await store.incidents.resolve(context.incident.id, as_=Resolution.FALSE_ALARM, by="an", now=NOW)
    else:
        await store.baselines.approve(capture, by="an", reason="new look", now=NOW)
    assert await store.checks.quiet([Quiet(page, context.version, NOW + MINUTE)]) == {page}
    assert (await store.checks.context(page, now=NOW)).checked_at == NOW


async def test_a_check_in_flight_is_not_disturbed_by_quiet_looks(store: Store) -> None:
    page = await registered(store)
    context = await store.checks.context(page, now=NOW)
    await store.checks.quiet([Quiet(page, context.version, NOW + MINUTE)])
    recorded = await store.checks.record(outcome(context, DEFACED, NOW + 2 * MINUTE))
    assert recorded.incident is not None
    assert (await store.checks.context(page, now=NOW)).checked_at == NOW + 2 * MINUTE


async def test_batches_of_two_processes_over_the_same_pages_do_not_block_each_other(
    open_store: OpenStore,
) -> None:
    stores = [await open_store(), await open_store()]
    pages = await several(stores[0], 200)
    batches = [
        [Quiet(page, 0, NOW + number * MINUTE) for page in (pages if number % 2 else reversed(pages))]
        for number in range(1, 11)
    ]
    held = (stores[number % 2].checks.quiet(batch) for number, batch in enumerate(batches))
    assert set(await asyncio.gather(*held)) == {frozenset()}
    assert {state.checked_at for state in await stores[0].checks.latest()} == {NOW + 10 * MINUTE}
