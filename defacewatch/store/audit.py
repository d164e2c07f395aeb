"""The audit log in the store. What is noted is noted in the transaction of what was done, as its last write:
the log is one chain, so whoever writes to it holds the others up until the transaction ends.

Whoever can write to the database may leave anything in it. Nothing there keeps an act from being noted: what
is wrong becomes an entry of its own, once.
"""

from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.engine import Connection

from defacewatch.audit import (
    PROGRAM,
    START,
    WAS_BROKEN,
    Act,
    Actor,
    Broken,
    Entry,
    Head,
    beginning,
    chained,
    clean,
    facts_text,
    first_broken,
    head_from,
    head_of,
    head_text,
    is_entry_sealed,
    is_sealed,
)
from defacewatch.errors import Conflict
from defacewatch.store.accountschema import BROKEN, accounts, audit
from defacewatch.store.auditrows import (
    accounts_of,
    digest_at,
    entry_from,
    last_of,
    latest,
    plain,
    raw,
    text_of,
)
from defacewatch.store.engine import LOCK_SPACE, Engine
from defacewatch.store.schema import meta
from defacewatch.store.witness import differs, keep_outside, kept_outside

LONGEST = 300  # characters of who, where from, and of what
_CHAINING = 9  # the second key of the advisory lock on PostgreSQL
_HEAD = "audit:head"
_AT_ONCE = 2000  # rows in memory while the log is verified

log = structlog.get_logger(__name__)


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
    kept = _kept(db)
    head, wrong = _end(db, kept, key)
    if wrong:
        log.error("the audit log is broken", found=wrong, last=head.number)
        facts = {"found": wrong, "head": (kept or "")[:LONGEST], "number": head.number}
        head = _add(db, head, key, Actor(PROGRAM, "audit"), Act.LOG_BROKEN, at, "audit log", None, facts)
    head = _add(db, head, key, actor, act, at, of, before, after)
    keep_head(db, head)


def head_in(db: Connection) -> Head | None:
    """The head as it is kept, sealed or not."""
    return head_from(_kept(db))


def keep_head(db: Connection, head: Head) -> None:
    done = db.execute(update(meta).where(meta.c.key == _HEAD).values(value=head_text(head)))
    if not done.rowcount:
        db.execute(insert(meta).values(key=_HEAD, value=head_text(head)))


class Audit:
    """The log, to read, to verify, and for what has no other transaction. `outside` is the file beside the
    secret key that its head is kept in too."""

    def __init__(self, engine: Engine, outside: Path | None = None) -> None:
        self.engine, self.outside = engine, outside

    async def begin(self) -> None:
        """Seal the head of a log that has just been made; without it a log is broken."""
        async with self.engine.reading() as db:
            if await db.run_sync(_kept) is not None:
                return
        async with self.engine.lasting() as db:
            await db.run_sync(_begin, self.engine.audit_key)

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

    async def accounts_of(self, who: str) -> frozenset[str]:
        """The accounts with which `who` has ever acted, as far as the log names them."""
        return await self.engine.read(lambda db: accounts_of(db, who=who))

    async def list(self, *, limit: int = 200, before: int | None = None) -> list[Entry]:
        """The latest entries, newest first; those older than the number `before`, where it is given."""
        query = select(*raw(self.engine.sqlite)).order_by(audit.c.number.desc()).limit(limit)
        if before is not None:
            query = query.where(audit.c.number < before)
        async with self.engine.reading() as db:
            return [entry_from(row) for row in await db.execute(query)]

    async def verify(self, last: int | None = None) -> tuple[Broken | None, Head]:
        """What is wrong with the log, or with its `last` entries and what was found wrong before them; None
        when it is whole. And its head, to be compared with one that was written down elsewhere."""
        # in a thread: a long log takes seconds
        return await self.engine.read(lambda db: self._verify(db, last))

    async def witness(self) -> Broken | None:
        """Whether the log still holds the entry that the file outside of the database names; if so, the file
        names the latest one from now on."""
        broken, head = await self.engine.read(self._witness)
        if broken is not None:
            log.error("the audit log is broken", entry=broken.number, found=broken.why)
        else:
            await self._keep(head)
        return broken

    async def findings(self) -> tuple[int, int]:
        """How many entries say that the log was found broken, and the number of the latest (0: none)."""
        query = select(func.count(), func.max(audit.c.number)).where(text(BROKEN))
        count, latest = await self.engine.read(lambda db: db.execute(query).one())
        return int(count), int(latest or 0)

    async def replaced(self) -> None:
        """Let the file outside follow a log that was restored on purpose."""
        async with self.engine.reading() as db:
            head = await db.run_sync(head_in)
        if head is not None:
            await self._keep(head)

    async def refuse_another_key(self) -> None:
        """Raises Conflict where neither head nor last entry was sealed with this key: what was added would
        never verify."""
        if await self.engine.read(self._is_foreign):
            raise Conflict(
                "the audit log was not sealed with this secret key: give this command the one that the daemon"
                " runs with, as DEFACEWATCH_SECRET_KEY"
            )

    async def _keep(self, head: Head) -> None:
        if self.outside is not None:
            await keep_outside(self.outside, head)

    def _verify(self, db: Connection, last: int | None) -> tuple[Broken | None, Head]:
        if db.dialect.name != "sqlite":  # one moment, without holding up who acts; on SQLite any read is
            db.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
        head, key = head_in(db), self.engine.audit_key
        outside = self._outside(db)
        known, after = None, START
        if last is not None and head is not None and head.number > last:
            first = head.number - last
            after = Head(first, digest_at(db, first) or "")
            query = select(func.min(audit.c.number))
            found = db.scalar(query.where(audit.c.act == Act.LOG_BROKEN, audit.c.number <= first))
            known = Broken(found, WAS_BROKEN) if found is not None else None
        with closing(self._entries(db, after.number)) as entries:  # also where the rest is not read
            broken = first_broken(entries, head, key, after=after)
        if broken is not None and broken.why == WAS_BROKEN:  # what is wrong now comes first
            broken, known = None, known or broken
        return broken or outside or known, head or Head()

    def _entries(self, db: Connection, after: int) -> Generator[Entry, None, None]:
        query = select(*raw(self.engine.sqlite)).order_by(audit.c.number)
        if after:
            query = query.where(audit.c.number > after)
        with closing(db.execute(query.execution_options(yield_per=_AT_ONCE))) as rows:
            for row in rows:
                yield entry_from(row)

    def _witness(self, db: Connection) -> tuple[Broken | None, Head]:
        """What the file outside, or the end of the log, says against it; the head that there is."""
        head, wrong = _end(db, _kept(db), self.engine.audit_key)
        broken = self._outside(db)
        return broken or (Broken(head.number, wrong) if wrong else None), head

    def _outside(self, db: Connection) -> Broken | None:
        noted = kept_outside(self.outside) if self.outside is not None else Head()
        there = digest_at(db, noted.number) if noted is not None and noted.number else Head().digest
        return differs(noted, there)

    def _is_foreign(self, db: Connection) -> bool:
        kept, key = _kept(db), self.engine.audit_key
        head = head_from(kept)
        if kept is None or (head is not None and is_sealed(head, key)):
            return False
        row = latest(db)
        return row is None or not is_entry_sealed(*row, key)


def _end(db: Connection, kept: str | None, key: bytes) -> tuple[Head, str]:
    """After which entry the next one comes, and what is wrong with the end of the log, if anything is."""
    head = head_from(kept)
    sealed = head is not None and is_sealed(head, key)
    last = last_of(db, head.number if head is not None and sealed else None)
    if kept is None and last is None and not _in_use(db):
        return beginning(key), ""
    if head is None or not sealed:
        why = "no head" if kept is None else "a head that was not sealed with this secret key"
        return last or Head(), why
    if head.number == 0 and last is None:
        return head, ""
    if last is None:
        return head, "the last entry is missing"
    if (last.number, last.digest) != (head.number, head.digest):
        return Head(max(head.number, last.number), head.digest), "the last entry is not what the head says"
    return head, ""


def _add(
    db: Connection,
    head: Head,
    key: bytes,
    actor: Actor,
    act: Act,
    at: datetime,
    of: str,
    before: Mapping[str, object] | None,
    after: Mapping[str, object] | None,
) -> Head:
    entry = Entry(
        0, at, clean(actor.who[:LONGEST]), clean(actor.source[:LONGEST]), act.value, clean(of[:LONGEST]),
        facts_text(before), facts_text(after),
    )  # fmt: skip
    entry = chained(entry, head, key)
    db.execute(insert(audit).values(**asdict(entry)))
    return head_of(entry, key)


def _begin(db: Connection, key: bytes) -> None:
    _alone(db)
    if _kept(db) is None and last_of(db, None) is None and not _in_use(db):
        keep_head(db, beginning(key))


def _in_use(db: Connection) -> bool:
    """Whether the log cannot be empty: every account that was added is in it."""
    return db.scalar(select(accounts.c.id).limit(1)) is not None


def _kept(db: Connection) -> str | None:
    value = plain(meta.c.value, db.dialect.name == "sqlite")
    found = db.scalar(select(value).where(meta.c.key == _HEAD))
    return None if found is None else text_of(found)


def _alone(db: Connection) -> None:
    """Hold others off until this transaction ends; on SQLite a write transaction does."""
    if db.dialect.name != "sqlite":
        db.execute(select(func.pg_advisory_xact_lock(LOCK_SPACE, _CHAINING)))
