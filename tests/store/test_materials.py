"""What a page is made of: recorded with a check, and read for one page."""

import zlib

import pytest
from sqlalchemy import update

from defacewatch.captures import Material, Tier
from defacewatch.errors import Moved
from defacewatch.records import Outcome
from defacewatch.store import Store
from defacewatch.store.schema import materials
from tests.store.samples import CLEAN, MINUTE, NOW, checked, outcome, registered

STYLE = Material("https://hungyen.gov.vn/style.css", "stylesheet", '"v1"', None, ("a" * 64, "b" * 64), 2)
SCRIPT = Material("https://cdn.example.vn/a.js?x=\ud83d", "script", None, "Wed, 02 Sep 2026 00:00:00 GMT")


async def seen(store: Store, page: str, *made_of: Material, minute: int = 0) -> Outcome:
    context = await store.checks.context(page, now=NOW)
    at = NOW + minute * MINUTE
    plain = outcome(context, CLEAN, at, tier=Tier.RENDER)
    made = Outcome(**{**vars(plain), "materials": made_of})
    await store.checks.record(made)
    return made


async def test_a_page_that_was_never_captured_is_made_of_nothing_known(store: Store) -> None:
    page = await registered(store)
    assert await store.checks.materials_of(page) == ()


async def test_what_a_page_is_made_of_is_recorded_with_the_check_and_replaced_by_the_next(
    store: Store,
) -> None:
    page = await registered(store)
    await seen(store, page, STYLE)
    assert await store.checks.materials_of(page) == (STYLE,)
    await seen(store, page, STYLE, minute=5)
    assert await store.checks.materials_of(page) == (STYLE,)
    await checked(store, page, CLEAN, NOW + 6 * MINUTE)
    assert await store.checks.materials_of(page) == (STYLE,), "a check that says nothing of it leaves it"
    await seen(store, page, minute=7)
    assert await store.checks.materials_of(page) == ()


async def test_addresses_that_a_database_cannot_hold_do_not_keep_a_check_from_being_recorded(
    store: Store,
) -> None:
    page = await registered(store)
    await seen(store, page, STYLE, SCRIPT)
    (style, script) = await store.checks.materials_of(page)
    assert (style, script.url) == (STYLE, "https://cdn.example.vn/a.js?x=?")


async def test_a_check_that_lost_a_race_leaves_what_the_page_is_made_of(store: Store) -> None:
    page = await registered(store)
    stale = await store.checks.context(page, now=NOW)
    await seen(store, page, STYLE)
    late = Outcome(**{**vars(outcome(stale, CLEAN, NOW + MINUTE, tier=Tier.RENDER)), "materials": (SCRIPT,)})
    with pytest.raises(Moved):
        await store.checks.record(late)
    assert await store.checks.materials_of(page) == (STYLE,)


@pytest.mark.parametrize("data", [b"", b"rubbish", zlib.compress(b"{"), zlib.compress(b'[{"other": 1}]')])
async def test_what_cannot_be_read_is_nothing_known(store: Store, data: bytes) -> None:
    page = await registered(store)
    await seen(store, page, STYLE)
    async with store.engine.writing() as db:
        await db.execute(update(materials).values(data=data))
    assert await store.checks.materials_of(page) == ()
