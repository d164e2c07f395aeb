"""The tables: what the migrations make, and what the column types keep."""

from datetime import datetime, timedelta, timezone

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, delete, exc, insert, select

from defacewatch.store import Store
from defacewatch.store.schema import meta, metadata, page_state
from tests.store.samples import NOW, registered


async def test_the_migrations_make_exactly_the_tables_of_the_schema(store: Store) -> None:
    def differences(connection: Connection) -> object:
        return compare_metadata(MigrationContext.configure(connection), metadata)

    async with store.engine.reading() as db:
        assert await db.run_sync(differences) == []


async def test_moments_come_back_aware_in_utc_and_to_the_microsecond(store: Store) -> None:
    page = await registered(store)
    here = timezone(timedelta(hours=7))
    moment = datetime(2026, 9, 2, 14, 30, 1, 123456, tzinfo=here)
    async with store.engine.writing() as db:
        await db.execute(page_state.update().values(checked_at=moment, kept_at=None))
    state = (await store.checks.latest([page]))[0]
    assert state.checked_at == moment
    assert state.checked_at is not None
    assert state.checked_at.utcoffset() == timedelta(0)
    async with store.engine.reading() as db:
        earlier = select(page_state.c.page).where(page_state.c.checked_at > NOW + timedelta(hours=1))
        assert await db.scalar(earlier) is None


async def test_a_moment_without_a_time_zone_is_refused(store: Store) -> None:
    with pytest.raises(exc.StatementError, match="no time zone"):
        await store.alerts.claim(NOW.replace(tzinfo=None))


async def test_a_row_cannot_name_what_is_not_there(store: Store) -> None:
    await registered(store)
    with pytest.raises(exc.IntegrityError):
        async with store.engine.writing() as db:
            await db.execute(
                insert(page_state).values(
                    page="nowhere", version=0, score=0, failures=0, failure_tier="probe"
                )
            )
    with pytest.raises(exc.IntegrityError):
        async with store.engine.writing() as db:
            await db.execute(delete(metadata.tables["pages"]))


async def test_text_that_a_database_cannot_hold_is_replaced_and_not_refused(store: Store) -> None:
    async with store.engine.writing() as db:
        await db.execute(insert(meta).values(key="k", value="nul \0 half \ud83d whole \U0001f480"))
    async with store.engine.reading() as db:
        assert (
            await db.scalar(select(meta.c.value).where(meta.c.key != "audit:head"))
            == "nul � half ? whole \U0001f480"
        )
