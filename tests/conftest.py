"""What every test may use: a fixed moment, a clock that is moved by hand, and a fresh store for each test,
on SQLite and on PostgreSQL. Passwords are hashed quickly, except where that is what is tested."""

import gc
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine, create_engine

from defacewatch import passwords
from defacewatch.store import Store
from defacewatch.store.engine import parse
from defacewatch.store.migrate import migrate
from defacewatch.store.schema import metadata
from tests.order import dealt
from tests.postgres import Cluster

NOW = datetime(2026, 9, 2, 7, 0, tzinfo=UTC)  # 14:00 on National Day, in Hưng Yên
OpenStore = Callable[[], Awaitable[Store]]
EMPTIED = "; ".join(f'DELETE FROM "{table.name}"' for table in reversed(metadata.sorted_tables))


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **step: float) -> datetime:
        self.now += timedelta(**step)
        return self.now


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported stays until the end: the collector need not look through it, now or later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(trylast=True)  # of what is left when others have chosen
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    items[:] = [items[number] for number in dealt([item.nodeid for item in items], workers)]


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[PasswordHasher]:
    """Argon2id with little to do; gives the one that is in use otherwise."""
    shipped = passwords._hasher
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        yield shipped


@pytest.fixture
def shipped_passwords(quick_passwords: PasswordHasher) -> Iterator[None]:
    """Passwords are hashed as slowly as where the program is used."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", quick_passwords)
        yield


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    cluster = Cluster()
    cluster.start()
    try:
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(scope="session")
def migrated(cluster: Cluster) -> Iterator[Engine]:
    """A PostgreSQL database with our tables; its engine empties them between tests."""
    address = parse(cluster.url(cluster.database()))
    migrate(address)
    engine = create_engine(address)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with our tables: to copy it is far quicker than to make them."""
    file = tmp_path_factory.mktemp("blank") / "store.db"
    migrate(parse(f"sqlite+aiosqlite:///{file}"))
    return file


@pytest.fixture
def sqlite_url(blank: Path, tmp_path: Path) -> str:
    """An empty SQLite database."""
    shutil.copyfile(blank, tmp_path / "store.db")
    return f"sqlite+aiosqlite:///{tmp_path}/store.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """An empty database that nobody else uses meanwhile."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    engine: Engine = request.getfixturevalue("migrated")
    with engine.begin() as connection:
        connection.exec_driver_sql(EMPTIED)
    return engine.url.render_as_string(hide_password=False)


@pytest.fixture
async def open_store(url: str, tmp_path: Path) -> AsyncIterator[OpenStore]:
    """Opens the store; each time it is as another process would have it."""
    async with AsyncExitStack() as stack:

        async def opened() -> Store:
            store = await Store.open(url, baselines=tmp_path / "baselines", evidence=tmp_path / "evidence")
            stack.push_async_callback(store.close)
            return store

        yield opened


@pytest.fixture
async def store(open_store: OpenStore) -> Store:
    return await open_store()
