"""A store that an earlier version has written is brought up to date with all that is in it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from alembic import command
from sqlalchemy import Column, Engine, MetaData, NullPool, Table, create_engine, inspect, select, text

from defacewatch.identities import Identity
from defacewatch.store import Store
from defacewatch.store.engine import parse
from defacewatch.store.migrate import config
from defacewatch.store.schema import metadata
from defacewatch.store.sqlite import tune
from tests.conftest import Clock
from tests.postgres import Cluster
from tests.store.samples import MINUTE, captured
from tests.store.test_masks import DAY, mask
from tests.web.people import ME
from tests.web.stage import AT, WALL, console_over, set_stage

EARLIER = "0009"  # without masks, lessons, identities, and since when an incident is an attack
YOUNGER = {"masks", "lessons", "identities"}
Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database as that version made it, without rows."""
    url = f"sqlite+aiosqlite:///{tmp_path}/old.db"
    if request.param == "postgresql":
        cluster: Cluster = request.getfixturevalue("cluster")
        url = cluster.url(cluster.database())
    with plain(url).begin() as connection:
        command.upgrade(config(connection), EARLIER)
    return url


def plain(url: str) -> Engine:
    address = parse(url)
    if address.get_backend_name() != "sqlite":
        return create_engine(address, poolclass=NullPool)
    engine = create_engine(address.set(drivername="sqlite"), poolclass=NullPool)
    tune(engine, synchronous="NORMAL")
    return engine


def fill(url: str, rows: Rows) -> dict[str, list[str]]:
    """Write `rows` as far as the tables at `url` have a place for them; their columns, by table."""
    kept: dict[str, list[str]] = {}
    with plain(url).begin() as connection:
        there = inspect(connection)
        known = set(there.get_table_names())
        for whole in metadata.sorted_tables:
            if whole.name not in known:
                continue
            names = {column["name"] for column in there.get_columns(whole.name)}
            table = Table(
                whole.name, MetaData(), *(Column(c.name, c.type) for c in whole.c if c.name in names)
            )
            kept[whole.name] = names_kept = list(table.c.keys())
            connection.execute(table.delete())
            given = [{name: row[name] for name in names_kept} for row in rows[whole.name]]
            if given:
                connection.execute(table.insert(), given)
            if given and isinstance(given[0].get("id"), int) and connection.dialect.name != "sqlite":
                sequence = f"pg_get_serial_sequence('{whole.name}', 'id')"
                connection.execute(text(f"SELECT setval({sequence}, max(id)) FROM {whole.name}"))
    return kept


async def rows_of(store: Store) -> Rows:
    async with store.engine.reading() as db:
        return {
            table.name: [
                dict(row._mapping) for row in await db.execute(select(table).order_by(*table.primary_key))
            ]
            for table in metadata.sorted_tables
        }


@asynccontextmanager
async def opened(url: str, folder: Path) -> AsyncIterator[Store]:
    store = await Store.open(url, baselines=folder / "baselines", evidence=folder / "evidence")
    try:
        yield store
    finally:
        await store.close()


async def test_what_an_earlier_version_has_written_is_all_there_afterwards_and_is_gone_on_with(
    old: str, sqlite_url: str, tmp_path: Path
) -> None:
    async with opened(sqlite_url, tmp_path) as written:
        values = await set_stage(written)
        before = await rows_of(written)
    kept = await asyncio.to_thread(fill, old, before)
    assert not YOUNGER & set(kept)
    assert "attacked_at" not in kept["incidents"]

    async with opened(old, tmp_path) as store:
        after = await rows_of(store)
        for table, names in kept.items():
            assert before[table] or table not in ("portals", "captures", "incidents", "audit")
            assert [{name: row[name] for name in names} for row in after[table]] == [
                {name: row[name] for name in names} for row in before[table]
            ], table
        since = [row["attacked_at"] for row in after["incidents"]]
        assert since == [row["attacked_at"] for row in before["incidents"]]
        assert any(since)
        assert await store.upkeep.check() == []
        assert (await store.audit.verify())[0] is None
        await read(store, values)
        await go_on(store, values)


async def read(store: Store, values: dict[str, str]) -> None:
    """Look at it in the console."""
    async with console_over(store, Clock(AT)) as stage, aiohttp.ClientSession() as session:
        cookies = {"defacewatch_session": stage.cookies[WALL]}
        for path, words in {
            "/": ("Cổng Thông tin điện tử tỉnh Hưng Yên", "SC-000001"),
            f"/incidents/{values['incident']}": ("Hacked by x", "Trần Thị Bình", "đơn vị vận hành"),
            f"/campaigns/{values['campaign']}": ("DT-000001", "UBND huyện Văn Lâm", "bad[.]example"),
            "/baselines": ("Sở Nội vụ", "Nguyễn Văn An"),
            f"/baselines/{values['proposal']}": ("Sở Nội vụ",),
            f"/baselines/of/{values['page']}": ("đăng ký lần đầu",),
            f"/pages/{values['page']}": ("hungyen",),
            "/portals": ("Báo Hưng Yên",),
            "/duty/handovers": ("Trần Thị Bình",),
            "/duty/windows": ("đổi giao diện",),
        }.items():
            async with session.get(stage.base + path, cookies=cookies) as answer:
                page = await answer.text()
                assert answer.status == 200, path
                for word in words:
                    assert word in page, (path, word)


async def go_on(store: Store, values: dict[str, str]) -> None:
    """Do with it what that version could not do."""
    page, now = values["page"], AT + MINUTE
    (stands,) = await store.baselines.history(page)
    drawn = mask(page, capture=stands.capture, at=now, expires=now + 30 * DAY)
    drawn = await store.masks.add(drawn, now=now, via="console")
    assert await store.masks.every(page=page) == (drawn,)
    assert await store.lessons.ask([page], by="an", via="console", samples=1, now=now) == (page,)
    person = await store.accounts.named("an")
    who = Identity("https://sso.example.gov.vn", "1")
    await store.identities.bind(person.id, who, actor=ME, now=now)
    assert await store.identities.account(who) == person
    capture = await captured(store, page, "z", at=now)
    await store.baselines.propose(capture, by="an", now=now)
    await store.baselines.approve(capture, by="binh", reason="giao diện mới", now=now)
    assert [entry.by for entry in await store.baselines.history(page)] == ["Trần Thị Bình", "binh"]
    assert (await store.audit.verify())[0] is None
