"""The database: connections, transactions, and its errors in one line that says what to do.

SQLite is used with a write-ahead log. Write transactions begin IMMEDIATE, so that processes that race (the
daemon, the command line) wait for one another instead of failing half-way. Ordinary transactions are not
synced to disk one by one: a check may be lost. Those that carry incidents, alerts or approvals are, on a
connection of their own, since `PRAGMA synchronous` cannot change inside a transaction.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from typing import Any, TypeVar, cast

from sqlalchemy import URL, create_engine, exc, func, make_url, select
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from defacewatch.errors import StoreError, UsageError
from defacewatch.store import sqlite
from defacewatch.store.sqlite import in_threads, tune
from defacewatch.store.threads import APART, InThreads

CONNECT_WITHIN = 10  # seconds for a connection to PostgreSQL
LOST_AFTER = 30  # seconds in which it has to acknowledge what was sent
CONNECTIONS = 5  # to PostgreSQL, for transactions on the event loop; as many threads have one each
LOCK_SPACE = 0x64656661  # 'defa': the first key of our advisory locks on PostgreSQL
DRIVERS = ("sqlite+aiosqlite", "postgresql+psycopg")

T = TypeVar("T")


class _Here(threading.local):
    """The transaction of what is read together, in the thread that runs it."""

    db: Connection | None = None


_here = _Here()


def parse(url: str, password: str | None = None) -> URL:
    """`url` with the password put in. Raises UsageError when it names no database that we can use."""
    try:
        parsed = make_url(url)
    except exc.ArgumentError:
        raise UsageError(f"store.url {url!r} is not a database URL") from None
    if parsed.drivername not in DRIVERS:
        raise UsageError(f"store.url {url!r} must begin with {' or '.join(f'{d}://' for d in DRIVERS)}")
    if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise UsageError(f"store.url {url!r} must name a file, e.g. sqlite+aiosqlite:///data/defacewatch.db")
    return parsed.set(password=password) if password else parsed


class Engine:
    """Transactions on one database: `reading`, `writing`, and `lasting`, which is on disk when it ends.

    `read`, `write` and `last` are the same for a function that does all of a transaction: what is done all
    the time is done so, in a thread.
    """

    def __init__(self, url: URL, *, audit_key: bytes = b"") -> None:
        self.url = url
        self.audit_key = audit_key  # of the seals of the audit log
        self.sqlite = url.get_backend_name() == "sqlite"
        if self.sqlite:
            self._threads = in_threads(url)
            self._reader = _sqlite(url, synchronous="NORMAL", connections=5)
            self._writer = self._reader.execution_options(begin="BEGIN IMMEDIATE")
            self._laster = _sqlite(url, synchronous="FULL", connections=1).execution_options(
                begin="BEGIN IMMEDIATE"
            )
            # SQLite has one writer at a time: here it is a fair queue, between processes a busy wait.
            self._turn: AbstractAsyncContextManager[object] = asyncio.Lock()
        else:
            # An other end that has gone without a word is an error, and tried again: what was sent is not
            # acknowledged, or, where an answer is waited for, questions whether it is still there.
            within = {
                "connect_timeout": CONNECT_WITHIN,
                "tcp_user_timeout": LOST_AFTER * 1000,
                "keepalives_idle": LOST_AFTER,
                "keepalives_interval": LOST_AFTER // 3,
                "keepalives_count": 3,
            }
            within = {name: value for name, value in within.items() if name not in url.query}
            self._reader = create_async_engine(
                url, pool_pre_ping=True, pool_size=CONNECTIONS, connect_args=within
            )
            self._writer = self._laster = self._reader
            plain = create_engine(
                url, pool_pre_ping=True, pool_size=CONNECTIONS + APART, max_overflow=0, connect_args=within
            )
            steady = plain.execution_options(isolation_level="REPEATABLE READ")
            self._threads = InThreads(CONNECTIONS, reader=plain, writer=plain, laster=plain, steady=steady)
            self._turn = nullcontext()

    def reading(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A transaction that only reads."""
        return self._transaction(self._reader) if _here.db is None else _borrowed(_here.db)

    def writing(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A transaction that a power cut may undo."""
        return self._alone(self._writer)

    def lasting(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A transaction that is on disk when it ends: incidents, alerts, approvals."""
        return self._alone(self._laster)

    async def read(self, work: Callable[[Connection], T]) -> T:
        """`reading`, as a whole; `work` runs in a thread."""
        if _here.db is not None:
            return work(_here.db)
        with explained(self.url):
            return await self._threads.read(work)

    async def together(self, gather: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """All that `gather` reads, in one transaction, from beginning to end in one thread: what is made of
        ten answers of the database waits once for its turn on a busy event loop, not several times for each.
        It may await `read`, `reading` and `together` of this engine, and nothing else; RuntimeError where it
        does."""

        def whole(db: Connection) -> T:
            before, _here.db = _here.db, db
            reads = gather()
            try:
                reads.send(None)
            except StopIteration as end:
                return cast("T", end.value)
            finally:
                reads.close()
                _here.db = before
            raise RuntimeError("what is read together may wait for nothing else")

        if _here.db is not None:
            return whole(_here.db)
        with explained(self.url):
            return await self._threads.read_apart(whole)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """`writing`, as a whole. When the caller is cancelled meanwhile it may be done or not."""
        return await self._write(work, lasting=False)

    async def last(self, work: Callable[[Connection], T]) -> T:
        """`lasting`, as a whole. When the caller is cancelled meanwhile it may be done or not."""
        return await self._write(work, lasting=True)

    async def bare(self, work: Callable[[Connection], T]) -> T:
        """On SQLite: outside of transactions, as some pragmas want it, while this process writes nothing."""
        if not self.sqlite:
            raise ValueError("only SQLite has work that is outside of transactions")
        _check_alone()
        with explained(self.url):
            async with self._turn:
                return await self._threads.bare(work)

    async def _write(self, work: Callable[[Connection], T], *, lasting: bool) -> T:
        _check_alone()
        with explained(self.url):
            async with self._turn:
                return await self._threads.write(work, lasting=lasting)

    async def exclusive(self, connection: AsyncConnection, number: int) -> None:
        """Let no other process run the part of the program that is called `number` until this transaction
        ends. On SQLite a write transaction is exclusive already."""
        if not self.sqlite:
            await connection.execute(select(func.pg_advisory_xact_lock(LOCK_SPACE, number)))

    async def close(self) -> None:
        await self._reader.dispose()
        if self.sqlite:
            await self._laster.dispose()
        await self._threads.close()

    @asynccontextmanager
    async def _alone(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        _check_alone()
        async with self._turn, self._transaction(engine) as connection:
            yield connection

    @asynccontextmanager
    async def _transaction(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        with explained(self.url):
            async with engine.begin() as connection:
                yield connection


def _check_alone() -> None:
    if _here.db is not None:
        raise RuntimeError("what is read together may write nothing")


class _Borrowed:
    """A connection of the thread that is here, in the form of an asynchronous one that never waits."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def execute(self, *args: Any, **options: Any) -> Any:
        return self._connection.execute(*args, **options)

    async def scalar(self, *args: Any, **options: Any) -> Any:
        return self._connection.scalar(*args, **options)

    async def scalars(self, *args: Any, **options: Any) -> Any:
        return self._connection.scalars(*args, **options)

    async def run_sync(self, work: Callable[..., T], *args: Any, **options: Any) -> T:
        return work(self._connection, *args, **options)


@asynccontextmanager
async def _borrowed(connection: Connection) -> AsyncIterator[AsyncConnection]:
    yield cast("AsyncConnection", _Borrowed(connection))


def _sqlite(url: URL, *, synchronous: str, connections: int) -> AsyncEngine:
    wait = sqlite.WAIT
    engine = create_async_engine(
        url, connect_args={"timeout": wait}, pool_size=connections, max_overflow=0, pool_timeout=2 * wait
    )
    tune(engine.sync_engine, synchronous=synchronous)
    return engine


@contextmanager
def explained(url: URL) -> Iterator[None]:
    """Database errors that an operator can do something about, as StoreError; the rest as they are."""
    try:
        yield
    except exc.TimeoutError as error:
        raise StoreError(
            f"the database {name_of(url)} is too busy: no connection in {2 * sqlite.WAIT:.0f} s"
        ) from error
    except exc.IntegrityError:
        raise
    except (exc.OperationalError, exc.DatabaseError, exc.InterfaceError) as error:
        raise StoreError(_sentence(url, error)) from error


def name_of(url: URL) -> str:
    """The database as a person knows it, without its password."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return url.set(password=None).render_as_string()


def _sentence(url: URL, error: exc.DBAPIError) -> str:
    said = " ".join(str(error.orig).split())
    lowered = said.lower()
    state = getattr(error.orig, "sqlstate", None)
    where = name_of(url)
    for marks, advice in _ADVICE:
        if any(mark == state or mark in lowered for mark in marks):
            return advice.format(where=where, said=said)
    return f"the database {where} answered: {said}"


_ADVICE: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("database or disk is full", "53100", "no space left on device"),
        "the disk that holds the database {where} is full: free some space",
    ),
    (
        ("database is locked", "database table is locked", "55p03"),
        "the database {where} has been locked by another process for too long: end what holds it (a backup,"
        " an open sqlite3 shell) and try again",
    ),
    (
        ("file is not a database", "malformed"),
        "{where} is damaged or not a database ({said}): restore a backup with `defacewatch db restore`",
    ),
    (
        ("unable to open database file",),
        "the database {where} cannot be opened: check that its folder is there and that this user may write"
        " to it",
    ),
    (("readonly database",), "the database {where} is read-only: give this user the right to write to it"),
    (("disk i/o error",), "the disk that holds the database {where} fails: {said}"),
    (
        ("password authentication failed", "no password supplied", "fatal: role", "28p01", "28000"),
        "the database {where} refuses the user or password: check store.url and DEFACEWATCH_STORE_PASSWORD"
        " ({said})",
    ),
    (
        ("fatal: database", "3d000"),
        "the database {where} does not exist: create it, or correct store.url ({said})",
    ),
    (("42501", "permission denied"), "the user of {where} lacks a right: {said}"),
    (
        ("connection", "server closed", "could not translate", "57p0", "timeout"),
        "the database {where} cannot be reached: {said}",
    ),
)
