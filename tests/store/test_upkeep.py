import os
import sqlite3
from contextlib import closing

import pytest

from defacewatch.store import Store
from tests.conftest import OpenStore
from tests.store.samples import DEFACED, NOW, captured, checked, registered

ON_SQLITE = pytest.mark.parametrize("url", ["sqlite"], indirect=True)  # what PostgreSQL never lets happen


def behind_its_back(store: Store, *statements: str) -> None:
    """Run `statements` without the checks that the store asks SQLite for."""
    with closing(sqlite3.connect(str(store.engine.url.database), isolation_level=None)) as database:
        for statement in statements:
            database.execute(statement)


async def test_a_sound_store_has_no_problems(store: Store) -> None:
    page = await registered(store)
    capture = await captured(store, page, "a")
    await store.baselines.approve(capture, by="an", reason="first", now=NOW)
    await checked(store, page, DEFACED, mark="b")
    assert await store.upkeep.check() == []


async def test_missing_and_damaged_blobs_are_named_with_their_captures(store: Store) -> None:
    page = await registered(store)
    one, other = await captured(store, page, "a"), await captured(store, page, "bb")
    first, second = await store.baselines.capture(one), await store.baselines.capture(other)
    store.blobs.delete(first.screenshot)
    store.blobs.path(second.dom).write_bytes(b"rubbish")
    assert sorted(await store.upkeep.check()) == sorted(
        [
            f"capture {one}: there is no blob {first.screenshot} in {store.blobs.folder}",
            f"capture {other}: {store.blobs.path(second.dom)} is damaged: it cannot be decompressed",
        ]
    )


async def test_an_approved_capture_needs_its_baseline_and_not_its_evidence(store: Store) -> None:
    page = await registered(store)
    capture = await captured(store, page)
    approved = await store.baselines.capture(capture)
    await store.baselines.approve(capture, by="an", reason="first", now=approved.at)
    for blob in (approved.served, approved.dom, approved.screenshot, approved.facts):
        store.blobs.delete(blob)
    assert await store.upkeep.check() == []
    store.approved.delete(approved.dom)
    assert await store.upkeep.check() == [
        f"approved capture {capture}: there is no blob {approved.dom} in {store.approved.folder}"
    ]


@ON_SQLITE
async def test_two_unresolved_incidents_of_one_page_are_found(store: Store) -> None:
    page = await registered(store)
    await checked(store, page, DEFACED)
    columns = "page, verdict, opened_at, state, differences, intermittent, present, late, version"
    behind_its_back(
        store,
        "DROP INDEX uq_incidents_unresolved",
        f"INSERT INTO incidents ({columns}) SELECT {columns} FROM incidents",
    )
    assert await store.upkeep.check() == [f"page {page} has two unresolved incidents"]


@ON_SQLITE
async def test_rows_that_name_nothing_are_found(store: Store) -> None:
    await captured(store, await registered(store))
    behind_its_back(store, "UPDATE captures SET page = 'gone'")
    assert await store.upkeep.check() == ["row 1 of captures names a row of pages that is not there"]


@ON_SQLITE
async def test_a_damaged_database_is_found(store: Store, open_store: OpenStore) -> None:
    await captured(store, await registered(store))
    file = str(store.engine.url.database)
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = database.execute("PRAGMA page_size").fetchone()
        (number,) = database.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'ix_captures_at'"
        ).fetchone()
    handle = os.open(file, os.O_WRONLY)
    os.pwrite(handle, bytes(size), (number - 1) * size)
    os.close(handle)
    (problem,) = await (await open_store()).upkeep.check()
    assert "store.db is damaged or not a database" in problem


@ON_SQLITE
async def test_what_sqlite_finds_wrong_is_found(store: Store, open_store: OpenStore) -> None:
    await captured(store, await registered(store))
    behind_its_back(
        store,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema"
        " SET sql = replace(sql, 'status INTEGER', 'status INTEGER CHECK (status > 999)')",
    )
    problems = await (await open_store()).upkeep.check()
    assert problems == ["the database is damaged: CHECK constraint failed in captures"]
