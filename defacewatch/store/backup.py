"""Backup and restore: everything as it was at one moment, in one file.

The rows are JSON lines, a file a table, so that what was saved from SQLite can be brought back into
PostgreSQL and the other way round. The blobs are there as they lie on disk.
"""

import asyncio
import base64
import io
import json
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Column, Integer, LargeBinary, Row, Table, delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from defacewatch.audit import Act, Actor, Head
from defacewatch.errors import Conflict, DefacewatchError
from defacewatch.store.accountschema import sessions
from defacewatch.store.alertschema import alerts
from defacewatch.store.archive import Writing, content, explained, members, verified
from defacewatch.store.audit import head_in, note
from defacewatch.store.blobs import Blobs
from defacewatch.store.columns import Moment
from defacewatch.store.engine import Engine, name_of
from defacewatch.store.evidence import APPROVED, KEPT, Named, named
from defacewatch.store.schema import approvals, captures, checks, incidents, metadata

_ROWS = 500  # a statement
_USED = (captures, approvals, incidents, checks, alerts)  # portals alone may come from the configuration
_REVISION = text("SELECT version_num FROM alembic_version")


@dataclass(frozen=True)
class BackedUp:
    """What a backup holds. `problems` are blobs that were missing or damaged and are not in it."""

    rows: int
    blobs: int
    bytes: int
    problems: tuple[str, ...] = ()


async def back_up(engine: Engine, evidence: Blobs, approved: Blobs, file: Path) -> BackedUp:
    """Save the store, baselines and evidence in `file` while everything goes on; a `file` that ends in .gz
    or .tgz is compressed.

    The file is complete or not there. Raises DefacewatchError when it cannot be written.
    """
    writing = Writing(file)
    try:
        await asyncio.to_thread(writing.open)
        with evidence.held():
            async with _snapshot(engine) as db:
                rows = await _save_rows(db, writing)
                kept = await named(db, KEPT)
                trusted = await named(db, APPROVED)
                revision = await db.scalar(_REVISION)
            problems = await asyncio.to_thread(_save_blobs, writing, evidence, approved, kept, trusted)
        size = await asyncio.to_thread(writing.finish, {"revision": revision, "problems": problems})
    except OSError as error:
        raise DefacewatchError(f"the backup {file} cannot be written: {error.strerror or error}") from error
    finally:
        writing.discard()
    blobs = sum(not name.startswith("rows/") for name in writing.digests)
    return BackedUp(rows, blobs, size, tuple(problems))


async def restore(
    engine: Engine,
    evidence: Blobs,
    approved: Blobs,
    file: Path,
    *,
    actor: Actor,
    now: datetime,
    force: bool = False,
) -> None:
    """Replace what is in the store with what `file` holds, in one transaction; blobs that are there stay. All
    sessions end, and the audit log says what was put in whose place.

    All of the file is verified before anything is touched. Raises DefacewatchError where it is damaged or
    was made by another version's tables, and Conflict without `force` when the store is in use.
    """
    manifest = await asyncio.to_thread(verified, file)
    async with engine.reading() as db:
        revision = await db.scalar(_REVISION)
        await _refuse_if_used(db, engine, force)
    if manifest.get("revision") != revision:
        raise DefacewatchError(
            f"{file} was saved with tables of version {manifest.get('revision')}, and these are of version"
            f" {revision}: restore it with the defacewatch that made it, then upgrade"
        )
    await asyncio.to_thread(_put_blobs, file, evidence, approved)
    async with engine.lasting() as db:
        await _refuse_if_used(db, engine, force)
        replaced = await db.run_sync(head_in)
        for table in reversed(metadata.sorted_tables):
            await db.execute(delete(table))
        with explained(file):
            await _load_rows(db, file)
        if not engine.sqlite:
            await _advance_sequences(db)
        ended = update(sessions).where(sessions.c.ended_at.is_(None)).values(ended_at=now)
        facts: dict[str, object] = {"sessions_ended": (await db.execute(ended)).rowcount}
        facts |= _head_facts(await db.run_sync(head_in))
        await db.run_sync(
            note, engine.audit_key, actor, Act.RESTORED, at=now, of=f"backup {file.name}",
            before=_head_facts(replaced), after=facts,
        )  # fmt: skip


def _head_facts(head: Head | None) -> dict[str, object]:
    return {"number": head.number, "digest": head.digest} if head is not None else {}


@asynccontextmanager
async def _snapshot(engine: Engine) -> AsyncIterator[AsyncConnection]:
    """A transaction that sees one moment; on SQLite any does."""
    async with engine.reading() as db:
        if not engine.sqlite:
            await db.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
        yield db


async def _save_rows(db: AsyncConnection, writing: Writing) -> int:
    rows = 0
    for table in metadata.sorted_tables:
        with tempfile.TemporaryFile(dir=writing.file.parent) as lines:
            stream = await db.stream(select(table).order_by(*table.primary_key.columns))
            async for part in stream.partitions(_ROWS):
                rows += len(part)
                await asyncio.to_thread(_write_lines, lines, table, part)
            size = lines.tell()
            lines.seek(0)
            await asyncio.to_thread(writing.add, f"rows/{table.name}.jsonl", lines, size)
    return rows


def _write_lines(file: IO[bytes], table: Table, rows: Iterable[Row[Any]]) -> None:
    for row in rows:
        values = {column.name: _plain(row._mapping[column]) for column in table.c}
        file.write(json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _value(column: Column[Any], plain: Any) -> Any:
    if plain is None:
        return None
    if isinstance(column.type, Moment):
        return datetime.fromisoformat(plain)
    return base64.b64decode(plain) if isinstance(column.type, LargeBinary) else plain


def _save_blobs(
    writing: Writing, evidence: Blobs, approved: Blobs, kept: list[Named], trusted: list[Named]
) -> list[str]:
    """Add every blob that is named, once; what could not be added. A blob that is damaged in one folder is
    taken from the other where that has it too."""
    problems: list[str] = []
    for folder, places, these in (
        ("baselines", (approved, evidence), trusted),
        ("evidence", (evidence, approved), kept),
    ):
        done: set[str] = set()
        for one in these:
            for sha in sorted(one.blobs - done):
                try:
                    name, raw = _packed(sha, *places)
                except DefacewatchError as error:
                    problems.append(f"capture {one.capture}: {error}")
                    continue
                writing.add(f"{folder}/{name}", io.BytesIO(raw), len(raw))
            done |= one.blobs
    return problems


def _packed(sha: str, first: Blobs, second: Blobs) -> tuple[str, bytes]:
    try:
        return first.packed(sha)
    except DefacewatchError:
        if not second.has(sha):
            raise
        return second.packed(sha)


async def _refuse_if_used(db: AsyncConnection, engine: Engine, force: bool) -> None:
    if force:
        return
    for table in _USED:
        if await db.scalar(select(func.count()).select_from(table)):
            raise Conflict(
                f"the store {name_of(engine.url)} is in use: restore into an empty one, or replace everything"
                " in it with --force"
            )


def _put_blobs(file: Path, evidence: Blobs, approved: Blobs) -> None:
    folders = {"evidence": evidence, "baselines": approved}
    with explained(file):
        for name, data in members(file):
            blobs = folders.get(name.partition("/")[0])
            if blobs is not None:
                blobs.put(*content(name, data.read()))


async def _load_rows(db: AsyncConnection, file: Path) -> None:
    """Insert all rows. The members stand in the order that foreign keys need."""
    found = members(file)
    try:
        while (member := await asyncio.to_thread(next, found, None)) is not None:
            name, data = member
            if not name.startswith("rows/"):
                continue
            table = metadata.tables.get(name.removeprefix("rows/").removesuffix(".jsonl"))
            if table is None:
                raise DefacewatchError(f"{file} holds the table {name}, which this version does not know")
            while rows := await asyncio.to_thread(_read_rows, data, table):
                await db.execute(insert(table), rows)
    except (ValueError, KeyError, TypeError) as error:
        raise DefacewatchError(f"{file} holds rows that this version does not know: {error}") from error
    finally:
        found.close()


def _read_rows(data: IO[bytes], table: Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    while len(rows) < _ROWS and (line := data.readline()):
        plain = json.loads(line)
        rows.append({column.name: _value(column, plain[column.name]) for column in table.c})
    return rows


async def _advance_sequences(db: AsyncConnection) -> None:
    """Let the next ids follow those that were inserted; SQLite sees to it by itself."""
    for table in metadata.sorted_tables:
        key = table.c.get("id")
        if key is not None and isinstance(key.type, Integer):
            sequence = func.pg_get_serial_sequence(table.name, "id")
            following = func.coalesce(func.max(key), 0) + 1
            await db.execute(select(func.setval(sequence, following, False)))
