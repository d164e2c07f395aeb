"""Mutes as people see and end them."""

from datetime import datetime

from sqlalchemy import ColumnElement, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from defacewatch.audit import Act, Actor
from defacewatch.errors import Conflict, NotFound
from defacewatch.incidents import Incident
from defacewatch.language import N_
from defacewatch.mutes import Mute, end_of
from defacewatch.store.audit import note
from defacewatch.store.engine import Engine
from defacewatch.store.moves import LOOK_AFRESH, touch
from defacewatch.store.portals import page_with_portal
from defacewatch.store.rows import Columns, part
from defacewatch.store.schema import mutes


def holds(now: object) -> ColumnElement[bool]:
    """Mutes that hold at a moment."""
    return or_(mutes.c.ends_at.is_(None), mutes.c.ends_at > now)


class Mutes:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def holding(
        self, now: datetime, *, page: str | None = None, before: int | None = None, limit: int | None = None
    ) -> list[Mute]:
        """Those that hold, the newest first; at most `limit`, those older than the number `before`."""
        query = select(mutes).where(holds(now)).order_by(mutes.c.id.desc())
        if page is not None:
            query = query.where(mutes.c.page == page)
        if before is not None:
            query = query.where(mutes.c.id < before)
        if limit is not None:
            query = query.limit(limit)
        async with self.engine.reading() as db:
            return [_mute_of(part(row, mutes)) for row in await db.execute(query)]

    async def end(
        self, number: int, *, by: str, now: datetime, via: str = "", page: str | None = None
    ) -> Mute:
        """End a mute; the next look is a full one. Raises NotFound (also where it is not of `page`), and
        Conflict where it has ended."""
        known = select(mutes).where(mutes.c.id == number)
        async with self.engine.lasting() as db:
            row = (await db.execute(known)).one_or_none()
            if row is None or page not in (None, row.page):
                raise NotFound(f"there is no mute {number}")
            await db.run_sync(touch, row.page, LOOK_AFRESH)
            ended = update(mutes).where(mutes.c.id == number, holds(now)).values(ends_at=now)
            found = (await db.execute(ended.returning(mutes))).one_or_none()
            if found is None:
                raise Conflict(N_("This mute has ended already."))
            mute = _mute_of(part(found, mutes))
            facts = {"page": mute.page, "identity": mute.identity, "by": mute.by, "incident": mute.incident}
            key, of = self.engine.audit_key, f"mute {number}"
            await db.run_sync(note, key, Actor(by, via), Act.MUTE_ENDED, at=now, of=of, before=facts)
            return mute


async def mute_all(db: AsyncConnection, incident: Incident, *, by: str, now: datetime) -> None:
    """Mute an incident's differences, and make the next look a full one: it may find the page clean."""
    portal, _ = await page_with_portal(db, incident.page)
    standing = select(mutes.c.identity).where(mutes.c.page == incident.page, holds(now))
    known = set(await db.scalars(standing))
    for identity in sorted(incident.differences - known):
        values = {"page": incident.page, "identity": identity, "by": by, "at": now, "incident": incident.id}
        ends_at = end_of(identity, incident, portal, now)
        await db.execute(insert(mutes).values(**values, ends_at=ends_at))
    await db.run_sync(touch, incident.page, LOOK_AFRESH)


def _mute_of(row: Columns) -> Mute:
    return Mute(**{name: row[name] for name in ("id", "page", "identity", "by", "at", "incident", "ends_at")})
