"""The audit log in the store. What is noted is noted in the transaction of what was done, as its last write:
the log is one chain, so whoever writes to it holds the others up until the transaction ends."""

import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import Connection

from defacewatch.audit import Act, Actor, Broken, Entry, Head, chained, facts_text, first_broken, head_of
from defacewatch.store.accountschema import audit
from defacewatch.store.engine import LOCK_SPACE, Engine
from defacewatch.store.rows import Columns, part
from defacewatch.store.schema import meta

LONGEST = 300  # characters of who, where from, and of what
_CHAINING = 9  # the second key of the advisory lock on PostgreSQL
_HEAD = "audit:head"
_AT_ONCE = 2000  # rows in memory while the log is verified


def note(
    db: Connection,
    key: bytes,
    actor: Actor,
    act: Act,
    *,
    at: datetime,
    of: str = "",
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> None:
    """Add an entry under `key` (of the seals); `of` is what was acted on, such as 'incident 12'."""
    _alone(db)
    kept = db.scalar(select(meta.c.value).where(meta.c.key == _HEAD))
    entry = Entry(
        0, at, _clean(actor.who), _clean(actor.source), act.value, _clean(of),
        facts_text(before), facts_text(after),
    )  # fmt: skip
    entry = chained(entry, Head(**json.loads(kept)) if kept else Head(), key)
    db.execute(insert(audit).values(**asdict(entry)))
    head = json.dumps(asdict(head_of(entry, key)))
    if kept is None:
        db.execute(insert(meta).values(key=_HEAD, value=head))
    else:
        db.execute(update(meta).where(meta.c.key == _HEAD).values(value=head))


class Audit:
    """The log, to read, to verify, and for what has no other transaction."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def note(
        self,
        actor: Actor,
        act: Act,
        *,
        at: datetime,
        of: str = "",
        before: Mapping[str, object] | None = None,
        after: Mapping[str, object] | None = None,
    ) -> None:
        """Note what changes nothing else here, such as a sign-in that failed."""
        key = self.engine.audit_key
        async with self.engine.lasting() as db:
            await db.run_sync(note, key, actor, act, at=at, of=of, before=before, after=after)

    async def list(self, *, limit: int = 200, before: int | None = None) -> list[Entry]:
        """The latest entries, newest first; those older than the number `before`, where it is given."""
        query = select(audit).order_by(audit.c.number.desc()).limit(limit)
        if before is not None:
            query = query.where(audit.c.number < before)
        async with self.engine.reading() as db:
            return [entry_of(part(row, audit)) for row in await db.execute(query)]

    async def verify(self) -> tuple[Broken | None, Head]:
        """What is wrong with the log, None when it is whole; and its head, to be compared with one that was
        written down elsewhere."""
        return await self.engine.read(self._verify)  # in a thread: a long log takes seconds

    def _verify(self, db: Connection) -> tuple[Broken | None, Head]:
        _alone(db)
        kept = db.scalar(select(meta.c.value).where(meta.c.key == _HEAD))
        try:
            head = Head(**json.loads(kept)) if kept else Head()
        except (ValueError, TypeError):
            head = Head(-1)
        query = select(audit).order_by(audit.c.number).execution_options(yield_per=_AT_ONCE)
        with closing(db.execute(query)) as rows:  # also where the rest is not read
            entries = (entry_of(part(row, audit)) for row in rows)
            return first_broken(entries, head, self.engine.audit_key), head


def entry_of(row: Columns) -> Entry:
    return Entry(**row)


def _alone(db: Connection) -> None:
    """Hold others off until this transaction ends; on SQLite a write transaction does, and a read is a
    snapshot."""
    if db.dialect.name != "sqlite":
        db.execute(select(func.pg_advisory_xact_lock(LOCK_SPACE, _CHAINING)))


def _clean(text: str) -> str:
    """As the database gives it back, so that its digest stays the same."""
    return text[:LONGEST].replace("\0", "�").encode("utf-8", "replace").decode()
