"""Provisioned and imported portals."""

import asyncio
from datetime import timedelta

import pytest

from defacewatch.errors import Conflict, NotFound, UsageError
from defacewatch.portals import Page, Source, page_id
from defacewatch.store import Store
from defacewatch.store.portals import Applied, Imported
from tests.conftest import OpenStore
from tests.store.samples import NOW, portal


async def test_what_is_applied_reads_back_the_same(store: Store) -> None:
    page = Page("", "hungyen", "HTTPS://HungYen.gov.vn:443", timedelta(seconds=15), timedelta(minutes=10))
    wanted = portal(pages=(page,), critical=True)
    assert await store.portals.apply([wanted], now=NOW) == Applied(added=("hungyen",))
    there = await store.portals.get("hungyen")
    expected = page_id("hungyen", "https://hungyen.gov.vn/")
    assert there.pages == (
        Page(expected, "hungyen", "https://hungyen.gov.vn/", timedelta(seconds=15), timedelta(minutes=10)),
    )
    assert (there.contacts, there.critical, there.source) == (wanted.contacts, True, Source.FILE)
    assert await store.portals.page(expected) == (there, there.pages[0])


async def test_applying_the_same_again_changes_nothing(store: Store) -> None:
    await store.portals.apply([portal()], now=NOW)
    assert await store.portals.apply([portal()], now=NOW) == Applied()


async def test_a_portal_that_leaves_the_file_is_disabled_and_comes_back(store: Store) -> None:
    await store.portals.apply([portal("a"), portal("b")], now=NOW)
    assert await store.portals.apply([portal("a")], now=NOW) == Applied(disabled=("b",))
    assert [p.key for p in await store.portals.all()] == ["a"]
    assert [(p.key, p.enabled) for p in await store.portals.all(disabled=True)] == [("a", True), ("b", False)]
    assert await store.portals.apply([portal("a"), portal("b")], now=NOW) == Applied(changed=("b",))
    assert [p.key for p in await store.portals.all()] == ["a", "b"]


async def test_a_page_that_leaves_its_portal_keeps_its_history_and_comes_back(store: Store) -> None:
    await store.portals.apply([portal("a", "/", "/tin-tuc")], now=NOW)
    news = (await store.portals.get("a")).pages[1]
    assert await store.portals.apply([portal("a", "/")], now=NOW) == Applied(changed=("a",))
    assert [p.url for p in (await store.portals.get("a")).pages] == ["https://a.gov.vn/"]
    assert (await store.portals.page(news.id))[1] == news
    assert (await store.checks.context(news.id, now=NOW)).page == news
    await store.portals.apply([portal("a", "/tin-tuc", "/")], now=NOW)
    assert [p.url for p in (await store.portals.get("a")).pages] == [news.url, "https://a.gov.vn/"]


async def test_an_imported_portal_belongs_to_the_store_and_no_file_disables_it(store: Store) -> None:
    assert await store.portals.import_([portal("a")], now=NOW) == Imported(added=("a",))
    assert await store.portals.apply([], now=NOW) == Applied()
    assert (await store.portals.get("a")).source is Source.STORE


async def test_importing_what_is_provisioned_exactly_so_leaves_it(store: Store) -> None:
    await store.portals.apply([portal("a")], now=NOW)
    assert await store.portals.import_([portal("a"), portal("b")], now=NOW) == Imported(("b",), ("a",))
    assert (await store.portals.get("a")).source is Source.FILE


async def test_a_conflicting_import_is_refused_whole(store: Store) -> None:
    await store.portals.apply([portal("a")], now=NOW)
    with pytest.raises(Conflict, match="different: a;"):
        await store.portals.import_([portal("new"), portal("a", name="Another")], now=NOW)
    assert [p.key for p in await store.portals.all()] == ["a"]


async def test_provisioning_refuses_to_overwrite_what_was_imported(store: Store) -> None:
    await store.portals.import_([portal("a")], now=NOW)
    assert await store.portals.apply([portal("a")], now=NOW) == Applied()
    with pytest.raises(Conflict, match=r"same key as portals\.yaml \(a\)"):
        await store.portals.apply([portal("b"), portal("a", level=5)], now=NOW)
    assert [p.key for p in await store.portals.all()] == ["a"]


async def test_an_import_takes_over_what_its_file_no_longer_provisions(store: Store) -> None:
    await store.portals.apply([portal("a")], now=NOW)
    await store.portals.apply([], now=NOW)
    assert await store.portals.import_([portal("a")], now=NOW) == Imported(added=("a",))
    there = await store.portals.get("a")
    assert (there.enabled, there.source) == (True, Source.STORE)


async def test_pages_are_found_by_portal_page_id_and_url(store: Store) -> None:
    await store.portals.apply([portal("a", "/", "/x"), portal("b"), portal("gone")], now=NOW)
    await store.portals.apply([portal("a", "/", "/x"), portal("b")], now=NOW)
    root, x = (await store.portals.get("a")).pages
    b = (await store.portals.get("b")).pages[0]

    async def found(*words: str) -> list[Page]:
        return [page for _, page in await store.portals.find(words)]

    assert await found() == [root, x, b]
    assert await found("a") == [root, x]
    assert await found("https://B.gov.vn", x.id, "a") == [b, x, root]
    with pytest.raises(NotFound, match="gone, https://c"):
        await found("a", "gone", "https://c.vn/")


async def test_a_portal_is_paused_and_resumed_whoever_provisions_it(store: Store) -> None:
    await store.portals.apply([portal("a")], now=NOW)
    assert (await store.portals.pause("a", by="an", now=NOW)).paused
    assert await store.portals.apply([portal("a", level=4)], now=NOW) == Applied(changed=("a",))
    assert (await store.portals.get("a")).paused
    assert not (await store.portals.resume("a", by="an", now=NOW)).paused
    with pytest.raises(NotFound, match="no portal b"):
        await store.portals.pause("b", by="an", now=NOW)


async def test_a_url_that_cannot_be_watched_registers_nothing(store: Store) -> None:
    with pytest.raises(UsageError):
        await store.portals.apply([portal("a"), portal("b", pages=(Page("", "b", "ftp://b"),))], now=NOW)
    assert await store.portals.all() == []


async def test_a_portal_that_is_named_twice_is_refused(store: Store) -> None:
    for register in (store.portals.apply, store.portals.import_):
        with pytest.raises(UsageError, match=r"more than once: a$"):
            await register([portal("a"), portal("b"), portal("a", "/x")], now=NOW)


async def test_processes_that_apply_at_once_agree(open_store: OpenStore) -> None:
    stores = [await open_store() for _ in range(4)]
    wanted = [portal("a", "/", "/x"), portal("b")]
    done = await asyncio.gather(*(store.portals.apply(wanted, now=NOW) for store in stores))
    assert sorted(applied.added for applied in done) == [(), (), (), ("a", "b")]
    assert len(await stores[0].portals.find(())) == 3


async def test_names_are_told_by_key_and_of_disabled_portals_too(store: Store) -> None:
    await store.portals.apply([portal("a"), portal("b")], now=NOW)
    await store.portals.apply([portal("b")], now=NOW)
    known = {one.key: one.name for one in await store.portals.all(disabled=True)}
    assert await store.portals.names(["a", "b", "nowhere"]) == known
    assert await store.portals.names([]) == {}
