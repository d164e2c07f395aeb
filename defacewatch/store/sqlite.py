"""SQLite: how its connections are set up, and whole transactions in a thread.

An asynchronous connection goes to a thread and back for every call, a dozen times in the smallest
transaction, and each time costs more than a statement. What is done all the time is therefore a plain
function of a plain connection, which a thread runs from beginning to end.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

WAIT = 30.0  # seconds that a transaction waits for another process's
LOG_KEPT = 64 << 20  # bytes of the write-ahead log that stay on disk once they are written back
THREADS = 4  # one of them writes, the others read

T = TypeVar("T")


class InThreads:
    """Transactions on an SQLite database, each run by a thread as a whole; one call is one transaction."""

    def __init__(self, url: URL) -> None:
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="store")
        plain = url.set(drivername="sqlite")
        self._reader = _connecting(plain, connections=THREADS, synchronous="NORMAL")
        self._writer = self._reader.execution_options(begin="BEGIN IMMEDIATE")
        self._laster = _connecting(plain, connections=1, synchronous="FULL").execution_options(
            begin="BEGIN IMMEDIATE"
        )
        self._bare = self._reader.execution_options(begin=None)

    async def read(self, work: Callable[[Connection], T]) -> T:
        return await self._run(self._reader, work)

    async def write(self, work: Callable[[Connection], T], *, lasting: bool) -> T:
        return await self._run(self._laster if lasting else self._writer, work)

    async def bare(self, work: Callable[[Connection], T]) -> T:
        """Outside of any transaction, as some pragmas want to be run."""
        return await self._run(self._bare, work)

    async def close(self) -> None:
        """Ends what is running first, though whoever asked for it may be gone."""
        await asyncio.to_thread(self._threads.shutdown)
        self._reader.dispose()
        self._laster.dispose()

    async def _run(self, engine: Engine, work: Callable[[Connection], T]) -> T:
        def whole() -> T:
            with engine.begin() as connection:
                return work(connection)

        return await asyncio.get_running_loop().run_in_executor(self._threads, whole)


def _connecting(url: URL, *, connections: int, synchronous: str) -> Engine:
    engine = create_engine(
        url,
        connect_args={"timeout": WAIT, "check_same_thread": False},
        pool_size=connections,
        max_overflow=0,
        pool_timeout=2 * WAIT,
    )
    tune(engine, synchronous=synchronous)
    return engine


def tune(engine: Engine, *, synchronous: str) -> None:
    """Set up the connections of `engine`; its execution option `begin` says how transactions begin."""

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        prepare_sqlite(connection)
        cursor = connection.cursor()
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute(f"PRAGMA synchronous={synchronous}")
        cursor.execute(f"PRAGMA journal_size_limit={LOG_KEPT}")
        cursor.close()

    event.listen(engine, "begin", begin_sqlite)


def prepare_sqlite(connection: DBAPIConnection) -> None:
    """Take the beginning of transactions out of the driver's hands."""
    connection.isolation_level = None


def begin_sqlite(connection: Connection) -> None:
    begin = connection.get_execution_options().get("begin", "BEGIN")
    if begin is not None:
        connection.exec_driver_sql(begin)
