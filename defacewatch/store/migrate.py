"""Bringing the tables up to date when the store is opened, also by several processes at once.

Alembic is synchronous and keeps its context in module globals, so it runs in a thread, one at a time, on
a connection of its own; between processes a lock on the database's folder (SQLite) or an advisory lock
(PostgreSQL) puts them in a queue.
"""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import URL, Connection, create_engine, event, func, select
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from defacewatch.errors import StoreError
from defacewatch.store.engine import CONNECT_WITHIN, LOCK_SPACE, explained, name_of
from defacewatch.store.sqlite import WAIT, begin_sqlite, prepare_sqlite

_MIGRATING = 1  # the second key of the advisory lock
_SCRIPTS = Path(__file__).parent / "migrations"
_one_at_a_time = threading.Lock()


def migrate(url: URL) -> None:
    """Make the tables, or bring them to this version. Blocks; raises StoreError."""
    with _one_at_a_time, explained(url):
        if url.get_backend_name() == "sqlite":
            _migrate_sqlite(url)
        else:
            _migrate_postgresql(url)


def _migrate_sqlite(url: URL) -> None:
    folder = Path(str(url.database)).absolute().parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder):
            _upgrade_sqlite(url)
    except OSError as error:
        raise StoreError(f"cannot use {folder} for the database: {error.strerror or error}") from error


def _upgrade_sqlite(url: URL) -> None:
    engine = create_engine(
        url.set(drivername="sqlite"), poolclass=NullPool, connect_args={"timeout": WAIT}
    ).execution_options(begin="BEGIN IMMEDIATE")

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        prepare_sqlite(connection)
        cursor = connection.cursor()
        cursor.execute("PRAGMA auto_vacuum=INCREMENTAL")  # says nothing to a file that has tables already
        cursor.execute("PRAGMA journal_mode=WAL")  # is kept in the file
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.close()

    event.listen(engine, "begin", begin_sqlite)
    with engine.begin() as connection:
        _upgrade(url, connection)


def _migrate_postgresql(url: URL) -> None:
    engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": CONNECT_WITHIN})
    with engine.begin() as connection:
        connection.execute(select(func.pg_advisory_xact_lock(LOCK_SPACE, _MIGRATING)))
        _upgrade(url, connection)


def _upgrade(url: URL, connection: Connection) -> None:
    if MigrationContext.configure(connection).get_current_heads() == _newest():
        return  # as nearly always; to run Alembic takes longer than all else that opening does
    try:
        command.upgrade(config(connection), "head")
    except CommandError as error:
        raise StoreError(
            f"the database {name_of(url)} was written by a newer defacewatch ({error}):"
            " install that version, or restore a backup"
        ) from error


@cache
def _newest() -> tuple[str, ...]:
    """The version of tables that are up to date."""
    return tuple(ScriptDirectory(str(_SCRIPTS)).get_heads())


def config(connection: Connection) -> Config:
    """Alembic's configuration for our migrations on `connection`."""
    settings = Config()
    settings.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    settings.attributes["connection"] = connection
    return settings


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Be the only process that opens a database in `folder`; others wait."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
