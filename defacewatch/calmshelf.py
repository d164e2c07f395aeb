"""What is known of calm pages, kept in a file of its own: a restart need not read each of them in full.

The file is a cache. What it says of a page is taken over only where the store says that nothing has moved
since, and where it was written under all that judges pages now; whatever else it holds is thrown away.
"""

import asyncio
import hashlib
import hmac
import os
import sqlite3
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import structlog
from pydantic import TypeAdapter, ValidationError

from defacewatch.calm import SHELF, Calm, CalmPages
from defacewatch.records import Sound

FORMAT = 1  # raise it when what a record says means something else
LARGEST_FILE = 2 * SHELF + (64 << 20)  # bytes, beyond which nothing of it is read
LARGEST_VALUE = 16 << 20  # bytes of one value
CHUNK = 200  # pages a transaction
WAIT = 5.0  # seconds for somebody else's lock
SPARE = 100_000  # rows besides those of pages that are watched
PATIENCE = 60.0  # seconds in which all is read
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

_TABLES = (
    "CREATE TABLE records (page TEXT PRIMARY KEY, record BLOB NOT NULL, seal BLOB NOT NULL)",
    "CREATE TABLE documents (page TEXT PRIMARY KEY, document BLOB NOT NULL)",
)
_PRAGMAS = (
    "trusted_schema=OFF",
    "cell_size_check=ON",
    "locking_mode=EXCLUSIVE",  # nobody shares it, so it needs no shared memory
    "journal_mode=WAL",
    "synchronous=NORMAL",
    f"journal_size_limit={4 << 20}",
)
# What passes, or somebody has to see to: the file itself is as it should be.
_PASSING = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
    }
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Record:
    """What a row says: `document` is the SHA-256 (hex) of the page's, compressed; `boot` is what the system
    calls the time since it was started, in which the clock that nobody sets runs on."""

    calm: Calm
    document: str | None
    boot: str


_RECORD = TypeAdapter(Record)


@dataclass(frozen=True)
class _Row:
    """A page whose row is to be written: its document too, or only what is known of it."""

    page: str
    whole: bool
    calm: Calm | None
    document: bytes | None


class _Broken(sqlite3.DatabaseError):
    """The file is not one of ours."""


class CalmShelf:
    """Keeps in `file` what `pages` know. `key` seals the rows; `judged_by` is what else than the program
    decides whether a page is calm: rows written under another are not taken over."""

    def __init__(
        self,
        file: Path,
        pages: CalmPages,
        *,
        key: bytes,
        judged_by: Callable[[], object],
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
        boot: str | None = None,
    ) -> None:
        self.file, self.pages, self.judged_by = file, pages, judged_by
        self.clock, self.monotonic = clock, monotonic
        self.boot = boot_id() if boot is None else boot
        self.trouble: str | None = None  # why it cannot be written
        self._key = hmac.digest(key, b"defacewatch calm pages", "sha256")
        self._program: str | None = None
        self._end: float | None = None  # when writing has to end, by time.monotonic
        self._one_at_a_time = threading.Lock()  # a thread works on when whoever asked for it is gone

    async def load(self, sound: Sequence[Sound]) -> frozenset[str]:
        """Take over what is still true, as the store says, and return the pages. Never raises for what is in
        the file."""
        now, judged_by = self.clock(), self.judged_by()
        try:
            rows, taken = await asyncio.to_thread(self._load, sound, now, judged_by)
        except (OSError, sqlite3.Error) as error:
            self._cannot(error)
            return frozenset()
        for calm, document in taken:
            self.pages.take_over(calm, document)
        known = frozenset(calm.page for calm, _ in taken)
        self.pages.change(dict.fromkeys(rows - known, True))  # the next writing deletes them
        log.info("calm pages taken over", pages=len(known), kept=len(rows))
        return known

    async def write(self, within: float | None = None) -> None:
        """Write what has changed; with `within` only as much as these seconds allow. What cannot be written
        waits for the next time."""
        self._end = None if within is None else time.monotonic() + within
        changed = self.pages.changes()
        rows = [_Row(page, whole, *self.pages.known(page)) for page, whole in changed.items()]
        if not rows:
            return
        rows.sort(key=lambda row: row.document is not None)  # first what makes room
        try:
            done, fresh = await asyncio.to_thread(self._write, rows, self.judged_by())
        except (OSError, sqlite3.Error) as error:
            self.pages.change(changed)
            self._cannot(error)
            return
        except BaseException:
            self.pages.change(changed)
            raise
        self.trouble = None
        self.pages.change({row.page: row.whole for row in rows[done:]})
        if fresh:
            self.pages.change()

    def _cannot(self, error: Exception) -> None:
        if self.trouble is None:
            log.warning("calm pages cannot be kept", file=str(self.file), error=str(error))
        self.trouble = str(error)

    def _load(
        self, sound: Sequence[Sound], now: datetime, judged_by: object
    ) -> tuple[set[str], list[tuple[Calm, bytes | None]]]:
        """The pages of all rows, and what is still true of them."""
        by, pages = self._judges(judged_by), {page.page: page for page in sound}
        with self._one_at_a_time:
            try:
                with self._opened() as (db, _):
                    return self._read(db, by, pages, now)
            except sqlite3.Error as error:
                self._throw_away(error)
                return set(), []

    def _read(
        self, db: sqlite3.Connection, by: bytes, sound: dict[str, Sound], now: datetime
    ) -> tuple[set[str], list[tuple[Calm, bytes | None]]]:
        end, most = time.monotonic() + PATIENCE, len(sound) + SPARE
        db.set_progress_handler(lambda: time.monotonic() > end, 100_000)
        rows: set[str] = set()
        taken: list[tuple[Calm, bytes | None]] = []
        size = 0
        for page, told, seal in db.execute("SELECT page, record, seal FROM records LIMIT ?", (most,)):
            rows.add(page)
            if len(rows) == most:
                raise _Broken("it has too many rows")
            if not isinstance(told, bytes) or not self._is_ours(by, told, seal):
                continue
            try:
                record = _RECORD.validate_json(told)
            except ValidationError as error:
                raise _Broken("a record cannot be read") from error
            if not _is_true_still(record.calm, sound.get(page), now):
                continue
            calm = self._resumed(record, now)
            document = _document(db, page) if record.document is not None else None
            if calm is None or _digest(document) != record.document:
                continue
            if size + len(document or b"") <= SHELF:
                size += len(document or b"")
                taken.append((calm, document))
        return rows, taken

    def _resumed(self, record: Record, now: datetime) -> Calm | None:
        """What is known, its time counted on. A system that runs since then has a clock that nobody sets;
        after a start of the system that of the host has to do."""
        if record.calm.since is None:
            return None
        at, since = record.calm.since
        if self.boot and record.boot == self.boot:
            return record.calm if since <= self.monotonic() else None
        return replace(record.calm, since=(at, self.monotonic() - (now - at) / timedelta(seconds=1)))

    def _write(self, rows: Sequence[_Row], judged_by: object) -> tuple[int, bool]:
        """How many rows were written, and whether they are all that is in the file."""
        by = self._judges(judged_by)
        with self._one_at_a_time:
            try:
                return self._put(rows, by)
            except sqlite3.Error as error:
                self._throw_away(error)
                return self._put(rows, by)[0], True

    def _put(self, rows: Sequence[_Row], by: bytes) -> tuple[int, bool]:
        with self._opened() as (db, fresh):
            for begin in range(0, len(rows), CHUNK):
                if self._end is not None and time.monotonic() > self._end:
                    return begin, fresh
                db.execute("BEGIN IMMEDIATE")
                for row in rows[begin : begin + CHUNK]:
                    self._put_row(db, row, by)
                db.execute("COMMIT")
        return len(rows), fresh

    def _put_row(self, db: sqlite3.Connection, row: _Row, by: bytes) -> None:
        if row.whole or row.document is None:
            db.execute("DELETE FROM documents WHERE page = ?", (row.page,))
        if row.calm is None:
            db.execute("DELETE FROM records WHERE page = ?", (row.page,))
            return
        told = _RECORD.dump_json(Record(row.calm, _digest(row.document), self.boot))
        values = (row.page, told, hmac.digest(self._key, by + told, "sha256"))
        db.execute("INSERT OR REPLACE INTO records VALUES (?, ?, ?)", values)
        if row.whole and row.document is not None:
            db.execute("INSERT INTO documents VALUES (?, ?)", (row.page, row.document))

    def _is_ours(self, by: bytes, told: bytes, seal: object) -> bool:
        return isinstance(seal, bytes) and hmac.compare_digest(
            hmac.digest(self._key, by + told, "sha256"), seal
        )

    def _judges(self, judged_by: object) -> bytes:
        """All that decides whether a page is calm, as 32 bytes; the program as it was when this began."""
        if self._program is None:
            self._program = program()
        return hashlib.sha256(repr((FORMAT, self._program, judged_by)).encode()).digest()

    @contextmanager
    def _opened(self) -> Iterator[tuple[sqlite3.Connection, bool]]:
        """The file, made where there is none, and whether it was; for as long as it is used, so that one that
        was deleted or put in its place meanwhile is noticed. Raises OSError and sqlite3.Error."""
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        handle = os.open(self.file, flags, 0o600)
        try:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode):
                raise _Broken("it is no file")
            os.fchmod(handle, 0o600)  # also where it was there with another mode
        finally:
            os.close(handle)
        if found.st_size + _size(_beside(self.file, "-wal")) > LARGEST_FILE:
            raise _Broken("it is too large")
        with closing(sqlite3.connect(self.file, timeout=WAIT, isolation_level=None)) as db:
            db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_VALUE)
            for pragma in _PRAGMAS:
                db.execute(f"PRAGMA {pragma}")
            tables = db.execute("SELECT sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' LIMIT 9")
            there = {sql for (sql,) in tables}
            if not there:
                for table in _TABLES:
                    db.execute(table)
            elif there != set(_TABLES):
                raise _Broken("it has other tables")
            yield db, not there

    def _throw_away(self, error: sqlite3.Error) -> None:
        """Delete the file. Raises `error` where that says nothing against it, and OSError where it cannot be
        deleted."""
        code = getattr(error, "sqlite_errorcode", None)
        if code is not None and code & 0xFF in _PASSING:
            raise error
        log.warning("what was kept of calm pages is thrown away", file=str(self.file), error=str(error))
        for end in ("", "-wal", "-shm", "-journal"):
            with suppress(FileNotFoundError):
                _beside(self.file, end).unlink()


def boot_id() -> str:
    """What the system calls the time since it was started; '' where it does not say."""
    try:
        return BOOT_ID.read_text("ascii").strip()
    except (OSError, ValueError):
        return ""


def program() -> str:
    """A digest of the code and data of this program, and of what reads documents for it."""
    digest = hashlib.sha256(f"{sys.version} {version('selectolax')}".encode())
    folder = Path(__file__).parent
    for file in sorted(f for end in ("py", "yaml", "txt") for f in folder.rglob(f"*.{end}")):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(folder)} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _is_true_still(calm: Calm, page: Sound | None, now: datetime) -> bool:
    """Whether a page is as the check left it that found it calm. What is younger than now was written before
    the clock of the host was set back."""
    return (
        page is not None
        and (calm.page, calm.url, calm.version, calm.validators)
        == (page.page, page.url, page.version, page.validators)
        and calm.since is not None
        and page.checked_at is not None
        and page.moved_at < calm.since[0] <= page.checked_at <= now
    )


def _document(db: sqlite3.Connection, page: str) -> bytes | None:
    row = db.execute("SELECT document FROM documents WHERE page = ?", (page,)).fetchone()
    return row[0] if row is not None and isinstance(row[0], bytes) else None


def _digest(document: bytes | None) -> str | None:
    return None if document is None else hashlib.sha256(document).hexdigest()


def _beside(file: Path, end: str) -> Path:
    return file.with_name(file.name + end)


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
