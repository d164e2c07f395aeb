"""Masks in the store."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from defacewatch.audit import Act, Actor
from defacewatch.errors import Conflict, NotFound, UsageError
from defacewatch.masks import LIVING, Mask, Rectangle
from defacewatch.store import Store
from tests.store.samples import MINUTE, NOW, registered
from tests.store.statements import asked

DAY = timedelta(days=1)


def mask(page: str, **changes: object) -> Mask:
    made = Mask(
        page, Rectangle(160, 40, 320, 80), "băng rôn", "an", NOW, NOW + 30 * DAY, "c", ("html/body/div.ad",)
    )
    return replace(made, **changes)  # type: ignore[arg-type]


async def in_force(store: Store, page: str, days: float = 0) -> list[int]:
    context = await store.checks.context(page, now=NOW + days * DAY)
    return [mask.id for mask in context.masks]


async def test_a_mask_reads_back_and_a_check_knows_it_until_it_expires(store: Store) -> None:
    page = await registered(store)
    before = await store.checks.context(page, now=NOW)
    entered = await store.masks.add(mask(page), now=NOW, via="cli:an")
    assert entered == replace(mask(page), id=entered.id)
    assert await store.masks.get(entered.id) == entered
    context = await store.checks.context(page, now=NOW)
    assert context.masks == (entered,)
    assert context.version > before.version, "a check under way reads again"
    assert await in_force(store, page, 29.9) == [entered.id]
    assert await in_force(store, page, 30) == []
    assert await store.masks.every(page=page) == (entered,)


async def test_an_ended_mask_stays_to_be_seen(store: Store) -> None:
    page = await registered(store)
    entered = await store.masks.add(mask(page), now=NOW, via="")
    ended = await store.masks.end(entered.id, by="binh", now=NOW + MINUTE, via="")
    assert (ended.ended_by, ended.ended_at) == ("binh", NOW + MINUTE)
    assert await in_force(store, page) == []
    assert await store.masks.every() == (ended,)
    with pytest.raises(Conflict):
        await store.masks.end(entered.id, by="binh", now=NOW + 2 * MINUTE, via="")
    with pytest.raises(NotFound):
        await store.masks.end(99, by="binh", now=NOW, via="")


async def test_of_a_critical_portal_it_holds_once_another_person_has_confirmed_it(store: Store) -> None:
    page = await registered(store, critical=True)
    entered = await store.masks.add(mask(page), now=NOW, via="")
    assert await in_force(store, page) == []
    with pytest.raises(Conflict):
        await store.masks.confirm(entered.id, by="AN", now=NOW, via="")
    confirmed = await store.masks.confirm(entered.id, by="binh", now=NOW, via="")
    assert confirmed.confirmed_by == "binh"
    assert await in_force(store, page) == [entered.id]


async def test_an_account_that_drew_a_mask_confirms_it_for_nobody(store: Store) -> None:
    page = await registered(store, critical=True)
    entered = await store.masks.add(mask(page), now=NOW, via="console:192.0.2.1 account an.nguyen")
    with pytest.raises(Conflict):
        await store.masks.confirm(entered.id, by="binh", now=NOW, via="console:192.0.2.9 account an.nguyen")
    assert await in_force(store, page) == []
    await store.audit.note(Actor("an", "api:::1 account mai token 3"), Act.ACKNOWLEDGED, at=NOW)
    with pytest.raises(Conflict):
        await store.masks.confirm(entered.id, by="binh", now=NOW, via="console:192.0.2.9 account mai")
    await store.masks.confirm(entered.id, by="binh", now=NOW, via="console:192.0.2.9 account binh")
    assert await in_force(store, page) == [entered.id]


async def test_the_log_is_read_only_where_a_mask_waits_for_a_second_person(store: Store) -> None:
    async def read(entered: Mask) -> bool:
        with asked(store) as seen, suppress(Conflict):
            await store.masks.confirm(entered.id, by="binh", now=NOW, via="console:192.0.2.9 account binh")
        return any("FROM audit" in statement and "account" in str(seen[statement]) for statement in seen)

    plain = await store.masks.add(mask(await registered(store)), now=NOW, via="")
    assert not await read(plain)
    critical = await store.masks.add(mask(await registered(store, "moet", critical=True)), now=NOW, via="")
    assert await store.masks.critical([plain, critical]) == {critical.page}
    assert await store.masks.critical([]) == frozenset()
    assert await read(critical)
    assert not await read(critical), "it is confirmed by now"


async def test_what_was_not_confirmed_holds_no_more_when_a_portal_becomes_critical(store: Store) -> None:
    page = await registered(store)
    entered = await store.masks.add(mask(page), now=NOW, via="")
    assert await in_force(store, page) == [entered.id]
    await registered(store, critical=True)
    assert await in_force(store, page) == []


async def test_a_page_has_so_many_masks_at_the_most(store: Store) -> None:
    page = await registered(store)
    for _ in range(LIVING):
        last = await store.masks.add(mask(page), now=NOW, via="")
    with pytest.raises(Conflict):
        await store.masks.add(mask(page), now=NOW, via="")
    await store.masks.end(last.id, by="an", now=NOW, via="")
    await store.masks.add(mask(page), now=NOW, via="")


async def test_what_was_drawn_at_the_same_time_does_not_cover_more_together(store: Store) -> None:
    page = await registered(store)
    third = [mask(page, rectangle=Rectangle(0, top, 1280, 280)) for top in (0, 280)]
    await store.masks.add(third[0], now=NOW, via="")
    with pytest.raises(UsageError, match="40 %"):
        await store.masks.add(third[1], now=NOW, via="")


async def test_each_act_is_in_the_audit_log(store: Store) -> None:
    page = await registered(store, critical=True)
    entered = await store.masks.add(mask(page), now=NOW, via="192.0.2.1")
    await store.masks.confirm(entered.id, by="binh", now=NOW, via="192.0.2.2")
    await store.masks.end(entered.id, by="an", now=NOW, via="192.0.2.1")
    of = [entry for entry in await store.audit.list(limit=10) if entry.object == f"mask {entered.id}"]
    acts = [(entry.act, entry.who, entry.source) for entry in reversed(of)]
    assert acts == [
        (Act.MASK_DRAWN, "an", "192.0.2.1"),
        (Act.MASK_CONFIRMED, "binh", "192.0.2.2"),
        (Act.MASK_ENDED, "an", "192.0.2.1"),
    ]
    assert '"rectangle":"160,40 320x80"' in of[0].after
