"""The file shrinks while the watch goes on."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, text

from defacewatch.errors import StoreError
from defacewatch.records import Quiet
from defacewatch.store import Store, sqlite
from defacewatch.store.schema import meta
from defacewatch.store.vacuum import STEP
from tests.conftest import OpenStore
from tests.store.samples import MINUTE, NOW, checked, registered

ON_SQLITE = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
MB = 1 << 20


async def fill(store: Store, megabytes: int) -> None:
    rows = [{"key": f"k{number}", "value": "x" * 100_000} for number in range(megabytes * 10)]
    async with store.engine.writing() as db:
        await db.execute(insert(meta), rows)


async def empty(store: Store) -> None:
    async with store.engine.writing() as db:
        await db.execute(delete(meta))


async def free_pages(store: Store) -> int:
    return int(await store.engine.read(lambda db: db.scalar(text("PRAGMA freelist_count"))) or 0)


def log_of(store: Store) -> Path:
    return Path(f"{store.engine.url.database}-wal")


def make_old(file: Path) -> None:
    """Make a database as they were before they could be shrunk."""
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=DELETE")
        database.execute("PRAGMA auto_vacuum=NONE")
        database.execute("VACUUM")
        database.execute("PRAGMA journal_mode=WAL")


@ON_SQLITE
async def test_the_file_and_its_log_shrink_when_rows_have_gone(store: Store) -> None:
    await fill(store, 20)
    await empty(store)
    before = (await store.sizes()).database
    assert before > 20 * MB
    freed = await store.upkeep.vacuum()
    after = (await store.sizes()).database
    assert freed > 19 * MB
    assert after < 2 * MB
    assert log_of(store).stat().st_size == 0
    assert await store.upkeep.check() == []
    assert await store.upkeep.vacuum() == 0


@ON_SQLITE
async def test_checks_are_recorded_while_the_file_shrinks(open_store: OpenStore) -> None:
    store, other = await open_store(), await open_store()
    page = await registered(store)
    await fill(store, 20)
    await empty(store)
    steps = await free_pages(store) // STEP
    shrinking = asyncio.create_task(store.upkeep.vacuum())
    written = 0

    async def read_on() -> None:
        while not shrinking.done():
            await other.checks.context(page, now=NOW)

    reading = asyncio.create_task(read_on())
    while not shrinking.done():
        written += 1
        assert await store.checks.quiet([Quiet(page, 0, NOW + written * MINUTE)]) == frozenset()
    await reading
    assert await shrinking > 19 * MB
    assert written >= steps // 2, "a step lets others write before the next"
    assert (await other.checks.context(page, now=NOW)).checked_at == NOW + written * MINUTE


@ON_SQLITE
async def test_a_little_room_is_left_for_the_next_rows(store: Store) -> None:
    await fill(store, 20)
    async with store.engine.writing() as db:
        await db.execute(delete(meta).where(meta.c.key.like("k1%")))
    await store.upkeep.vacuum()
    pages = await store.engine.read(lambda db: db.scalar(text("PRAGMA page_count")))
    assert 0 < await free_pages(store) <= (pages or 0) // 20 + 1


@ON_SQLITE
async def test_the_log_stays_when_somebody_reads_from_it(store: Store) -> None:
    await fill(store, 2)
    async with store.engine.reading() as db:
        await db.execute(text("SELECT count(*) FROM meta"))
        await fill_more(store)
        await store.upkeep.vacuum()
        assert log_of(store).stat().st_size > 0
    await store.upkeep.vacuum()
    assert log_of(store).stat().st_size == 0


async def fill_more(store: Store) -> None:
    async with store.engine.writing() as db:
        await db.execute(insert(meta).values(key="more", value="x" * 100_000))


@ON_SQLITE
async def test_an_older_database_is_left_alone_until_it_is_made_anew_once(
    url: str, tmp_path: Path, open_store: OpenStore
) -> None:
    first = await Store.open(url, baselines=tmp_path, evidence=tmp_path)
    page = await registered(first)
    await checked(first, page)
    await fill(first, 5)
    await first.close()
    make_old(tmp_path / "store.db")
    store = await open_store()
    await empty(store)
    assert await store.upkeep.vacuum() == 0
    assert (await store.sizes()).database > 4 * MB
    await store.upkeep.rebuild()
    assert (await store.sizes()).database < MB
    await fill(store, 5)
    await empty(store)
    assert await store.upkeep.vacuum() > 4 * MB
    assert len(await store.checks.history(page)) == 1
    assert await store.upkeep.check() == []


@ON_SQLITE
async def test_a_database_that_another_process_holds_is_not_made_anew(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "WAIT", 0.05)
    store = await Store.open(url, baselines=tmp_path, evidence=tmp_path)
    with closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked by another process"):
            await store.upkeep.rebuild()
    await store.close()


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_postgresql_sees_to_it_by_itself(store: Store) -> None:
    await fill(store, 2)
    await empty(store)
    assert await store.upkeep.vacuum() == 0
    await store.upkeep.rebuild()
    assert (await store.sizes()).database > 0


async def test_retention_gives_the_disk_back_what_it_took(store: Store) -> None:
    await registered(store)
    await fill(store, 5)
    await empty(store)
    year = timedelta(days=365)
    removed = await store.upkeep.retention(now=NOW, max_age=year, max_bytes=10**12)
    assert removed.freed > 4 * MB or not store.engine.sqlite


async def test_sizes_are_what_retention_counted_last(store: Store) -> None:
    page = await registered(store)
    store.approved.put(b"an approved look", ".txt")
    first = await store.sizes()
    assert (first.evidence, first.baselines) == (0, store.approved.total())
    await checked(store, page, mark="a")
    assert (await store.sizes()).evidence == 0
    await store.upkeep.retention(now=NOW, max_age=timedelta(days=365), max_bytes=10**12)
    assert (await store.sizes()).evidence == store.blobs.total() > 0
