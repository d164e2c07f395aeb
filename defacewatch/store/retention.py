"""Retention: what is old goes, and the oldest pictures where there is no room; rows first, then files."""

import asyncio
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    delete,
    exists,
    func,
    literal_column,
    or_,
    select,
    union,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from defacewatch.alerts import DeliveryState
from defacewatch.incidents import State
from defacewatch.portals import DRILL
from defacewatch.store.alertschema import alerts, deliveries
from defacewatch.store.blobs import Blobs, Swept
from defacewatch.store.engine import Engine
from defacewatch.store.evidence import KEPT, Named, named_in
from defacewatch.store.rollup import forget_days, roll_up
from defacewatch.store.schema import (
    approvals,
    captures,
    checks,
    incident_events,
    incidents,
    lessons,
    page_state,
)
from defacewatch.store.stormschema import messages

BATCH = 200  # rows a transaction: checks go on meanwhile
SETTLED_AFTER = timedelta(hours=1)  # a younger file may be about to be named by a row


@dataclass(frozen=True)
class Removed:
    """What retention took: rows by table, checks of which a line a day is left (`rolled`) and such lines
    (`days`), captures whose pictures alone went (`expired`), files and their bytes, and what the database
    gave back to the disk (`freed` bytes); `evidence` is the bytes that are left."""

    captures: int = 0
    expired: int = 0
    checks: int = 0
    rolled: int = 0
    days: int = 0
    alerts: int = 0
    deliveries: int = 0
    events: int = 0
    lessons: int = 0
    files: int = 0
    bytes: int = 0
    freed: int = 0
    evidence: int = 0


class Retention:
    def __init__(self, engine: Engine, evidence: Blobs) -> None:
        self.engine, self.evidence = engine, evidence

    async def run(self, *, now: datetime, max_age: timedelta, max_bytes: int) -> Removed:
        """Delete what is older than `max_age`, then the oldest pictures until the evidence takes no more
        than `max_bytes` on disk. Checks that found nothing are rolled up long before that.

        Approved and proposed captures, the latest one of each page, and what belongs to an unresolved
        incident always stay, and incidents themselves, and what was told in drills; a resolved incident's age
        counts from its end. Rows go first, then the files that no row names, so that a crash leaves nothing
        but files for next time.
        """
        cutoff = now - max_age
        told, sent = await self._alerts(cutoff)
        aged = Removed(
            captures=await self._delete(captures, and_(captures.c.at < cutoff, _free(_live(cutoff)))),
            checks=await self._delete(checks, and_(checks.c.at < cutoff, _unless(checks, _live(cutoff)))),
            alerts=told,
            deliveries=sent,
            events=await self._delete(
                incident_events, and_(incident_events.c.at < cutoff, _unless(incident_events, _live(cutoff)))
            ),
            lessons=await self._delete(lessons, lessons.c.ended_at < cutoff),
        )
        rolled = await roll_up(self.engine, now=now)
        aged = replace(aged, rolled=rolled, days=await forget_days(self.engine, before=cutoff))
        swept = await self._sweep()
        evidence = await asyncio.to_thread(self.evidence.total)
        expired = 0
        if evidence > max_bytes:
            expired = await self._expire(await self._surplus(evidence - max_bytes), now)
            more = await self._sweep()
            swept = Swept(swept.files + more.files, swept.bytes + more.bytes)
            evidence -= more.bytes
        return replace(aged, expired=expired, files=swept.files, bytes=swept.bytes, evidence=evidence)

    async def _delete(self, table: Table, where: ColumnElement[bool]) -> int:
        """Delete rows in batches; how many."""
        key = table.c.id
        gone = 0
        while True:
            async with self.engine.writing() as db:
                await self._hold_pages(db)
                batch = select(key).where(where).limit(BATCH)
                done = (await db.execute(delete(table).where(key.in_(batch)))).rowcount
            gone += done
            if done < BATCH:
                return gone

    async def _alerts(self, cutoff: datetime) -> tuple[int, int]:
        """Delete old alerts that are finished, with their deliveries; how many of each."""
        unsent = deliveries.c.state.in_([DeliveryState.PENDING.value, DeliveryState.SENDING.value])
        finished = and_(
            alerts.c.at < cutoff,
            alerts.c.next_step_at.is_(None),
            _unless(alerts, _live(cutoff)),
            ~func.coalesce(alerts.c.page, "").endswith(DRILL, autoescape=True),  # results, which are few
            ~exists().where(deliveries.c.alert == alerts.c.id, unsent),
        )
        told = sent = 0
        while True:
            async with self.engine.writing() as db:
                batch = list(await db.scalars(select(alerts.c.id).where(finished).limit(BATCH)))
                sent += (await db.execute(delete(deliveries).where(deliveries.c.alert.in_(batch)))).rowcount
                told += (await db.execute(delete(alerts).where(alerts.c.id.in_(batch)))).rowcount
            if len(batch) < BATCH:
                break
        carries = exists().where(deliveries.c.message == messages.c.id)
        await self._delete(messages, and_(messages.c.created_at < cutoff, ~carries))
        return told, sent

    async def _surplus(self, surplus: int) -> list[str]:
        """The oldest captures that may go, as many as take up `surplus` bytes that nothing else needs."""

        def may_go(db: Connection) -> tuple[Counter[str], list[Named]]:
            uses = Counter(blob for one in named_in(db, KEPT) for blob in one.blobs)
            return uses, named_in(db, KEPT, _free(_live(None)))

        uses, candidates = await self.engine.read(may_go)

        def chosen() -> list[str]:
            going, left = [], surplus
            for one in candidates:
                if left <= 0:
                    break
                going.append(one.capture)
                uses.subtract(one.blobs)
                left -= sum(self.evidence.size(blob) for blob in one.blobs if uses[blob] == 0)
            return going

        return await asyncio.to_thread(chosen)

    async def _expire(self, going: list[str], now: datetime) -> int:
        """Note that the pictures of captures are gone, where they still may go; how many."""
        expired = 0
        for start in range(0, len(going), BATCH):
            batch = captures.c.id.in_(going[start : start + BATCH])
            async with self.engine.writing() as db:
                await self._hold_pages(db)
                gone = update(captures).where(batch, _free(_live(None)))
                expired += (await db.execute(gone.values(expired_at=now, features=None))).rowcount
        return expired

    async def _hold_pages(self, db: AsyncConnection) -> None:
        """Let nobody approve or record anything until this transaction ends. SQLite has one writer anyway."""
        if not self.engine.sqlite:
            await db.execute(select(page_state.c.page).order_by(page_state.c.page).with_for_update())

    async def _sweep(self) -> Swept:
        """Delete the evidence that no row names. Baselines are never swept: they are only added to."""
        needed = await self.engine.read(
            lambda db: frozenset(blob for one in named_in(db, KEPT) for blob in one.blobs)
        )
        before = datetime.now(UTC) - SETTLED_AFTER  # the clock that the files have
        return await asyncio.to_thread(self.evidence.sweep, needed, before=before)


def _unresolved() -> ColumnElement[bool]:
    return incidents.c.state != State.RESOLVED.value


def _live(cutoff: datetime | None) -> Select[tuple[int]]:
    """Incidents whose story must stay: unresolved ones, and those resolved since `cutoff`."""
    recent = incidents.c.resolved_at >= cutoff if cutoff else literal_column("1 = 0")
    return select(incidents.c.id).where(or_(_unresolved(), recent))


def _unless(table: Table, live: Select[tuple[int]]) -> ColumnElement[bool]:
    """Rows that belong to no incident, or to one whose story may go."""
    return or_(table.c.incident.is_(None), table.c.incident.not_in(live))


def _free(live: Select[tuple[int]]) -> ColumnElement[bool]:
    """Captures that nothing holds: not approved, not waiting for an approver, not a page's latest, and not
    named by an incident in `live`."""
    holders = [
        select(approvals.c.capture),
        select(page_state.c.capture),
        select(incidents.c.capture).where(incidents.c.id.in_(live)),
    ]
    holders += [
        select(table.c.capture).where(table.c.incident.in_(live))
        for table in (incident_events, checks, alerts)
    ]
    held = union(*holders).subquery()
    settled = exists().where(approvals.c.page == captures.c.page, approvals.c.at >= captures.c.proposed_at)
    return and_(
        ~exists().where(held.c.capture == captures.c.id),
        or_(captures.c.proposed_at.is_(None), settled),
    )
