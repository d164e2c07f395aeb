"""Connections, transactions, and errors that say what to do."""

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest
from psycopg import sql
from sqlalchemy import Connection, Engine, event, insert, select, text

from defacewatch.errors import NotFound, StoreError, UsageError
from defacewatch.records import Quiet
from defacewatch.store import Store, sqlite
from defacewatch.store.engine import parse
from defacewatch.store.schema import meta
from tests.conftest import OpenStore
from tests.postgres import GUARDED, Cluster
from tests.store.samples import (
    CLEAN,
    DEFACED,
    MINUTE,
    NOW,
    UNREACHABLE,
    captured,
    checked,
    portal,
    registered,
)


async def opened(url: str, folder: Path, password: str | None = None) -> None:
    """Open the store, ask it something, close it."""
    store = await Store.open(url, baselines=folder / "b", evidence=folder / "e", password=password)
    try:
        await store.portals.all()
    finally:
        await store.close()


def sqlite_url(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


async def test_sqlite_has_its_log_its_keys_and_two_ways_to_commit(tmp_path: Path) -> None:
    store = await Store.open(
        sqlite_url(tmp_path / "new" / "s.db"), baselines=tmp_path / "b", evidence=tmp_path / "e"
    )
    seen = []
    names = ("journal_mode", "foreign_keys", "synchronous", "busy_timeout", "auto_vacuum")
    for transaction in (store.engine.reading, store.engine.writing, store.engine.lasting):
        async with transaction() as db:
            seen.append([await db.scalar(text(f"PRAGMA {name}")) for name in names])
    for whole in (store.engine.read, store.engine.write, store.engine.last):
        seen.append(await whole(lambda db: [db.scalar(text(f"PRAGMA {name}")) for name in names]))
    await store.close()
    incremental = 2
    ordinary, lasting = ["wal", 1, 1, 30_000, incremental], ["wal", 1, 2, 30_000, incremental]
    assert seen == [ordinary, ordinary, lasting] * 2


async def test_what_somebody_must_hear_is_synced_and_an_ordinary_check_is_not(tmp_path: Path) -> None:
    store = await Store.open(sqlite_url(tmp_path / "s.db"), baselines=tmp_path, evidence=tmp_path)
    synced = []
    for engine in (store.engine._laster.sync_engine, store.engine._threads._laster):
        event.listen(engine, "commit", lambda connection: synced.append(1))
    page = await registered(store)
    await checked(store, page, CLEAN)
    await checked(store, page, UNREACHABLE, NOW + MINUTE)
    assert len(synced) == 0
    await checked(store, page, DEFACED, NOW + 2 * MINUTE)
    assert len(synced) == 1
    await checked(store, page, DEFACED, NOW + 3 * MINUTE)  # the same again: nothing new to keep
    assert len(synced) == 1
    [view] = await store.incidents.list()
    await store.incidents.acknowledge(view.incident.id, by="an", via="cli", now=NOW)
    await store.baselines.approve(await captured(store, page), by="an", reason="x", now=NOW)
    assert len(synced) == 4
    await store.close()


async def test_connections_that_the_server_ended_are_made_again(
    cluster: Cluster, migrated: Engine, tmp_path: Path
) -> None:
    url = migrated.url.render_as_string(hide_password=False)
    store = await Store.open(url, baselines=tmp_path, evidence=tmp_path)
    for _ in range(2):
        await store.portals.all()
        cluster.execute(
            sql.SQL(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
        )
    await store.portals.all()
    await store.close()
    migrated.dispose()


async def test_what_a_whole_transaction_computes_holds_nobody_up(store: Store) -> None:
    """Unpacking takes longer than queries do: while one works the event loop turns."""
    turned = threading.Event()

    def work(db: Connection) -> bool:
        db.execute(select(meta).where(meta.c.key != "audit:head")).all()
        return turned.wait(timeout=20)

    for whole in (store.engine.read, store.engine.write, store.engine.last):
        turned.clear()
        task = asyncio.create_task(whole(work))
        asyncio.get_running_loop().call_later(0.01, turned.set)
        assert await task, "the event loop stood still"


async def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    for transaction in (store.engine.writing, store.engine.lasting):
        with pytest.raises(RuntimeError):
            async with transaction() as db:
                await db.execute(insert(meta).values(key="k", value="v"))
                raise RuntimeError
    async with store.engine.reading() as db:
        assert (await db.execute(select(meta).where(meta.c.key != "audit:head"))).all() == []


async def test_a_transaction_that_fails_as_a_whole_leaves_nothing(store: Store) -> None:
    def fail(db: Connection) -> None:
        db.execute(insert(meta).values(key="k", value="v"))
        raise RuntimeError

    for whole in (store.engine.write, store.engine.last):
        with pytest.raises(RuntimeError):
            await whole(fail)
    assert (
        await store.engine.read(lambda db: db.execute(select(meta).where(meta.c.key != "audit:head")).all())
        == []
    )


async def test_whole_transactions_of_several_processes_wait_for_one_another(open_store: OpenStore) -> None:
    """A counter that is read and written in one transaction loses no count, whoever writes and however."""
    stores = [await open_store() for _ in range(3)]
    async with stores[0].engine.writing() as db:
        await db.execute(insert(meta).values(key="n", value="0"))

    def one_more(db: Connection) -> None:
        value = int(db.scalar(select(meta.c.value).where(meta.c.key != "audit:head").with_for_update()) or 0)
        db.execute(meta.update().values(value=str(value + 1)))

    async def count(number: int) -> None:
        engine = stores[number % 3].engine
        if number % 2:
            async with engine.writing() as db:
                await db.run_sync(one_more)
        else:
            await (engine.write if number % 4 else engine.last)(one_more)

    await asyncio.gather(*(count(number) for number in range(40)))
    assert (
        await stores[0].engine.read(
            lambda db: db.scalar(select(meta.c.value).where(meta.c.key != "audit:head"))
        )
        == "40"
    )


async def test_a_caller_that_goes_away_leaves_a_transaction_whole_and_the_store_can_be_closed(
    open_store: OpenStore, tmp_path: Path, url: str
) -> None:
    store, other = await open_store(), await Store.open(url, baselines=tmp_path, evidence=tmp_path)

    def two_rows(db: Connection) -> None:
        db.execute(insert(meta).values(key="one", value="v"))
        db.execute(insert(meta).values(key="two", value="v"))

    task = asyncio.create_task(other.engine.write(two_rows))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await other.close()
    assert len(
        await store.engine.read(lambda db: db.execute(select(meta).where(meta.c.key != "audit:head")).all())
    ) in (0, 2)
    await store.engine.write(lambda db: db.execute(insert(meta).values(key="three", value="v")))


async def test_work_outside_of_transactions_is_for_sqlite_alone(store: Store) -> None:
    if store.engine.sqlite:
        assert await store.engine.bare(lambda db: db.exec_driver_sql("PRAGMA journal_mode").scalar()) == "wal"
    else:
        with pytest.raises(ValueError, match="SQLite"):
            await store.engine.bare(lambda db: None)


async def test_a_cancelled_transaction_leaves_nothing_and_holds_nobody_up(store: Store) -> None:
    begun, forever = asyncio.Event(), asyncio.Event()

    async def write() -> None:
        async with store.engine.lasting() as db:
            await db.execute(insert(meta).values(key="k", value="v"))
            begun.set()
            await forever.wait()

    task = asyncio.create_task(write())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with store.engine.lasting() as db:
        assert (await db.execute(select(meta).where(meta.c.key != "audit:head"))).all() == []
        await db.execute(insert(meta).values(key="k", value="w"))


async def test_writers_of_several_processes_wait_for_one_another(open_store: OpenStore) -> None:
    """A counter that is read and written in one transaction loses no count."""
    stores = [await open_store() for _ in range(3)]
    async with stores[0].engine.writing() as db:
        await db.execute(insert(meta).values(key="n", value="0"))

    async def count(store: Store) -> None:
        async with store.engine.writing() as db:
            await store.engine.exclusive(db, 9)
            value = int(await db.scalar(select(meta.c.value).where(meta.c.key != "audit:head")) or 0)
            await asyncio.sleep(0)
            await db.execute(meta.update().values(value=str(value + 1)))

    await asyncio.gather(*(count(stores[n % 3]) for n in range(30)))
    async with stores[0].engine.reading() as db:
        assert await db.scalar(select(meta.c.value).where(meta.c.key != "audit:head")) == "30"


async def test_reading_goes_on_while_somebody_writes(store: Store) -> None:
    await registered(store)
    async with store.engine.lasting() as db:
        await db.execute(insert(meta).values(key="k", value="v"))
        assert len(await store.portals.all()) == 1


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("nonsense", "not a database URL"),
        ("mysql://x/y", r"must begin with sqlite\+aiosqlite:// or postgresql\+psycopg://"),
        ("sqlite:///x.db", "must begin with"),
        ("sqlite+aiosqlite://", "must name a file"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused(url: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        parse(url)


async def test_a_full_disk_is_said_so_and_nothing_is_half_written(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "s.db")
    store = await Store.open(url, baselines=tmp_path, evidence=tmp_path)
    async with store.engine.lasting() as db:
        await db.execute(text("PRAGMA max_page_count=1"))  # as large as it is now
    with pytest.raises(StoreError, match=r"disk that holds the database .*s\.db is full: free"):
        async with store.engine.lasting() as db:
            for number in range(2000):
                await db.execute(insert(meta).values(key=str(number), value="x" * 1000))
    async with store.engine.reading() as db:
        assert (await db.execute(select(meta).where(meta.c.key != "audit:head"))).all() == []
    await store.close()


async def test_a_database_that_stays_locked_is_said_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "WAIT", 0.05)
    file = tmp_path / "s.db"
    store = await Store.open(sqlite_url(file), baselines=tmp_path, evidence=tmp_path)
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked by another process"):
        async with store.engine.writing():
            pass
    holder.close()
    await store.close()


async def test_files_that_are_no_database_are_named(tmp_path: Path) -> None:
    garbage = tmp_path / "garbage.db"
    garbage.write_bytes(b"this is not a database at all" * 100)
    with pytest.raises(StoreError, match=r"garbage\.db is damaged or not a database .* restore a backup"):
        await opened(sqlite_url(garbage), tmp_path)
    (tmp_path / "folder.db").mkdir()
    with pytest.raises(StoreError, match="cannot be opened"):
        await opened(sqlite_url(tmp_path / "folder.db"), tmp_path)
    with pytest.raises(StoreError, match=r"cannot use .*garbage\.db/x for the database"):
        await opened(sqlite_url(garbage / "x" / "s.db"), tmp_path)


async def test_what_postgresql_refuses_is_explained_without_the_password(
    cluster: Cluster, tmp_path: Path
) -> None:
    role = sql.Identifier(GUARDED)
    cluster.execute(sql.SQL("CREATE ROLE {} LOGIN SUPERUSER PASSWORD 'right'").format(role))
    name = cluster.database()
    guarded = cluster.url(name).replace("defacewatch@", f"{GUARDED}@")
    for wrong in ("wrong-one", None):
        with pytest.raises(
            StoreError, match=r"refuses the user or password.*DEFACEWATCH_STORE_PASSWORD"
        ) as refused:
            await opened(guarded, tmp_path, wrong)
        assert "wrong-one" not in str(refused.value)
        assert "\n" not in str(refused.value)
    await opened(guarded, tmp_path, "right")
    with pytest.raises(StoreError, match=r"does not exist: create it, or correct store\.url"):
        await opened(cluster.url("nowhere"), tmp_path)
    with pytest.raises(StoreError, match="cannot be reached"):
        await opened(f"postgresql+psycopg://x@/y?host={tmp_path}", tmp_path)


async def test_what_is_read_together_is_of_one_moment_and_of_one_thread(store: Store) -> None:
    page = await registered(store)
    threads = set()

    def of(db: Connection) -> int:
        threads.add(threading.get_ident())
        return len(db.execute(text("SELECT id FROM checks")).all())

    async def inner() -> int:
        return await store.engine.read(of)

    async def gather() -> tuple[list[str], int, int]:
        before = await store.engine.read(of)
        other = asyncio.run_coroutine_threadsafe(checked(store, page, CLEAN), loop)
        other.result(timeout=20)  # written by another transaction meanwhile
        async with store.engine.reading() as db:
            names = list(await db.scalars(text("SELECT id FROM pages")))
            assert await db.scalar(text("SELECT 1")) == 1
        return names, before, await store.together(inner)

    loop = asyncio.get_running_loop()
    names, before, after = await store.together(gather)
    assert names == [page]
    assert threading.get_ident() not in threads
    assert len(threads) == 1
    assert (before, after) == (0, 0), "as it was when the first was read"
    assert await inner() == 1, "and afterwards all is as always"


async def test_what_is_read_together_may_wait_for_nothing_else(store: Store) -> None:
    async def waits() -> None:
        await store.portals.all()
        await anything

    anything: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    with pytest.raises(RuntimeError, match="may wait for nothing else"):
        await store.together(waits)
    assert await store.portals.all() == []


async def test_an_error_of_what_is_read_together_is_that_of_its_reader(store: Store) -> None:
    async def gather() -> None:
        await store.portals.all()
        await store.portals.page("nowhere")

    with pytest.raises(NotFound):
        await store.together(gather)

    async def broken() -> None:
        await store.engine.read(lambda db: db.execute(text("SELECT nothing FROM nowhere")))

    with pytest.raises(StoreError):
        await store.together(broken)
    assert await store.portals.all() == []


async def test_nothing_is_written_by_what_is_read_together(store: Store) -> None:
    async def gather() -> None:
        await store.portals.apply([portal()], now=NOW)

    with pytest.raises(RuntimeError, match="may write nothing"):
        await store.together(gather)
    with pytest.raises(RuntimeError, match="may write nothing"):
        await store.together(lambda: store.checks.quiet([Quiet("p", 1, NOW)]))
