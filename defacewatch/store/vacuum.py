"""Giving the disk back what deleted rows took, while everything goes on.

A new SQLite database keeps what `PRAGMA incremental_vacuum` needs: it moves some pages from the end of the
file into gaps, and the file is cut. That is done in steps of milliseconds, between which others write. An
older database has to be made anew once, by `VACUUM`. PostgreSQL's autovacuum needs no help.

https://www.sqlite.org/pragma.html#pragma_incremental_vacuum, https://www.sqlite.org/wal.html#ckpt
"""

import os
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import Connection

from defacewatch.store.engine import Engine
from defacewatch.store.sqlite import WAIT

STEP = 64  # pages of the file a transaction
SPARE = 20  # one page in so many may be free: the next rows need not make the file grow again

_INCREMENTAL = 2


async def database_size(engine: Engine) -> int:
    """The bytes of the database, what waits in the log of SQLite included."""
    if engine.sqlite:
        file = Path(str(engine.url.database))
        return sum(_size(file.with_name(file.name + ending)) for ending in ("", "-wal"))
    size = await engine.read(lambda db: db.scalar(text("SELECT pg_database_size(current_database())")))
    return int(size or 0)


async def give_back(engine: Engine) -> int:
    """Shrink the file by what is free in it, in small steps; the bytes that this gave back.

    On PostgreSQL, and on a database that `rebuild` has not been run on, nothing.
    """
    if not engine.sqlite:
        return 0
    freed = 0
    while done := await engine.write(_step):
        freed += done
    await engine.bare(_shorten_log)
    return freed


async def rebuild(engine: Engine) -> None:
    """Make an SQLite database anew, without gaps, so that `give_back` works on it from now on. Nothing can
    be written meanwhile; it takes twice the room for a moment. On PostgreSQL nothing is to be done.

    Raises StoreError where another process holds the database, or the disk is full.
    """
    if engine.sqlite:
        await engine.bare(_rebuild)


def _step(db: Connection) -> int:
    page_size, pages, free, mode = (
        _pragma(db, name) for name in ("page_size", "page_count", "freelist_count", "auto_vacuum")
    )
    surplus = min(free - pages // SPARE, STEP)
    if mode != _INCREMENTAL or surplus <= 0:
        return 0
    for _ in range(surplus):  # however many it is asked for, Python's driver takes one step, a page
        db.exec_driver_sql("PRAGMA incremental_vacuum(1)")
    return (free - _pragma(db, "freelist_count")) * page_size


def _shorten_log(db: Connection) -> None:
    """Write the log back, which holds up nobody; then cut it, unless somebody is using it."""
    db.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")
    db.exec_driver_sql("PRAGMA busy_timeout=0")
    try:
        db.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:  # the connection is used again
        db.exec_driver_sql(f"PRAGMA busy_timeout={WAIT * 1000:.0f}")


def _rebuild(db: Connection) -> None:
    db.exec_driver_sql(f"PRAGMA auto_vacuum={_INCREMENTAL}")
    db.exec_driver_sql("VACUUM")
    _shorten_log(db)


def _pragma(db: Connection, name: str) -> int:
    return int(db.exec_driver_sql(f"PRAGMA {name}").scalar_one())


def _size(file: Path) -> int:
    try:
        return os.stat(file).st_size
    except FileNotFoundError:
        return 0
