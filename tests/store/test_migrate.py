"""The tables are made and kept up to date when the store is opened."""

import asyncio
import importlib.util
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

from defacewatch.errors import StoreError
from defacewatch.store import Store, migrations
from defacewatch.store.engine import parse
from defacewatch.store.migrate import migrate
from tests.conftest import OpenStore
from tests.postgres import Cluster
from tests.store.samples import CHANGED, DEFACED, MINUTE, NOW, checked, portal

OPEN = """
import asyncio, sys
from pathlib import Path
from defacewatch.store import Store

async def main():
    store = await Store.open(sys.argv[1], baselines=Path(sys.argv[2]), evidence=Path(sys.argv[2]))
    print(len(await store.portals.all()))
    await store.close()

asyncio.run(main())
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without tables."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/deep/down/store.db"
    cluster: Cluster = request.getfixturevalue("cluster")
    return cluster.url(cluster.database())


async def test_processes_that_start_at_once_on_an_empty_database_all_start(
    empty: str, tmp_path: Path
) -> None:
    started = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-W", "error", "-c", OPEN, empty, str(tmp_path), stdout=asyncio.subprocess.PIPE
        )
        for _ in range(2)
    ]
    said = [await process.communicate() for process in started]
    assert [out for out, _ in said] == [b"0\n"] * 2
    assert [process.returncode for process in started] == [0] * 2


async def test_migrating_in_many_threads_at_once_is_the_same_as_once(empty: str) -> None:
    url = parse(empty)
    await asyncio.gather(*(asyncio.to_thread(migrate, url) for _ in range(5)))


async def test_opening_again_keeps_what_is_there(empty: str, tmp_path: Path) -> None:
    for expected in (1, 2):  # one is the head of the audit log
        store = await Store.open(empty, baselines=tmp_path, evidence=tmp_path)
        async with store.engine.writing() as db:
            assert len((await db.execute(text("SELECT * FROM meta"))).all()) == expected
            await db.execute(text(f"INSERT INTO meta VALUES ('k{expected}', 'v')"))
        await store.close()


async def test_alembic_does_not_run_for_tables_that_are_up_to_date(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade, runs = command.upgrade, []

    def counted(settings: Config, revision: str) -> None:
        runs.append(revision)
        upgrade(settings, revision)

    monkeypatch.setattr(command, "upgrade", counted)
    for _ in range(3):
        await asyncio.to_thread(migrate, parse(empty))
    assert runs == ["head"]


async def test_what_was_an_attack_before_that_was_noted_is_one_since_it_became_it(store: Store) -> None:
    await store.portals.apply([portal("p1"), portal("p2")], now=NOW)
    changed, attacked = (entry.pages[0].id for entry in await store.portals.all())
    await checked(store, changed, CHANGED, NOW)
    await checked(store, changed, DEFACED, NOW + 3 * MINUTE)
    await checked(store, attacked, DEFACED, NOW + MINUTE)
    [script] = Path(migrations.__file__).parent.glob("versions/*_attacks_and_steps.py")
    spec = importlib.util.spec_from_file_location("attacks", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    async with store.engine.writing() as db:
        await db.execute(text("UPDATE incidents SET attacked_at = NULL"))
        await db.execute(module._SINCE_WHEN)
    found = await store.incidents.list()
    assert [view.incident.attacked_at for view in found] == [NOW + MINUTE, NOW + 3 * MINUTE]


async def test_a_database_of_a_newer_version_is_left_alone(open_store: OpenStore) -> None:
    store = await open_store()
    renamed = text("UPDATE alembic_version SET version_num = :name")
    async with store.engine.writing() as db:
        ours = await db.scalar(text("SELECT version_num FROM alembic_version"))
        await db.execute(renamed, {"name": "from the future"})
    try:
        with pytest.raises(StoreError, match="written by a newer defacewatch"):
            await open_store()
    finally:
        async with store.engine.writing() as db:
            await db.execute(renamed, {"name": ours})
