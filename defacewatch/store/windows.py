"""Maintenance windows and announced updates. Nothing is changed or deleted afterwards; what no longer holds
is withdrawn."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from defacewatch.alerts import AlertKind, Draft
from defacewatch.audit import Act, Actor
from defacewatch.errors import Conflict, NotFound
from defacewatch.language import N_
from defacewatch.portals import Urgency
from defacewatch.store.audit import note
from defacewatch.store.dutyschema import windows
from defacewatch.store.engine import Engine
from defacewatch.store.moves import LOOK_AFRESH, add_alert
from defacewatch.store.rows import Columns, part
from defacewatch.store.schema import page_state, pages, portals
from defacewatch.windows import LINK, Announced, Window

PENDING = 20  # windows of one portal that are not over: more are a mistake, or somebody's mischief


BY_LINK = 5  # announcements by the link of one portal within a day


def holds_at(now: object) -> ColumnElement[bool]:
    """Windows that run at a moment, and that nobody has withdrawn."""
    return and_(windows.c.starts <= now, windows.c.ends > now, windows.c.withdrawn_at.is_(None))


class Windows:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def announce(self, window: Window, *, now: datetime, source: str = "") -> int:
        """Enter a window, and let those on duty know; its id. `source` is from where it came, as the audit
        log has it (`window.via` by default). Raises NotFound for an unknown portal, Conflict where too many
        wait."""
        async with self.engine.lasting() as db:
            known = select(portals.c.key).where(portals.c.key == window.portal).with_for_update()
            if await db.scalar(known) is None:
                raise NotFound(N_("there is no portal {portal}"), portal=window.portal)
            waiting = select(func.count()).where(
                windows.c.portal == window.portal, windows.c.ends > now, windows.c.withdrawn_at.is_(None)
            )
            if (await db.scalar(waiting) or 0) >= PENDING:
                facts = {"portal": window.portal, "count": PENDING}
                raise Conflict(N_("portal {portal} has {count} announcements that are not over"), **facts)
            if window.via == LINK:
                await _refuse_many(db, window.portal, now)
            values = {
                "portal": window.portal,
                "starts": window.start,
                "ends": window.end,
                "by": window.by,
                "reason": window.reason,
                "contact": window.contact,
                "via": window.via,
                "at": now,
            }
            made = await db.execute(insert(windows).values(values).returning(windows.c.id))
            number = int(made.scalar_one())
            name = await db.scalar(select(portals.c.name).where(portals.c.key == window.portal))
            facts = {
                "portal": name,
                "starts": window.start.isoformat(),
                "ends": window.end.isoformat(),
                **{key: values[key] for key in ("by", "reason", "contact", "via")},
            }
            draft = Draft(AlertKind.ANNOUNCED, Urgency.NORMAL, facts)
            await db.run_sync(add_alert, draft, at=now)
            key, actor = self.engine.audit_key, Actor(window.signed, source or window.via)
            of = f"portal {window.portal}"
            await db.run_sync(note, key, actor, Act.ANNOUNCED, at=now, of=of, after=facts)
            return number

    async def withdraw(self, number: int, *, by: str, now: datetime, via: str = "") -> None:
        """What a window let pass is looked at afresh. Raises NotFound, and Conflict when it is withdrawn."""
        async with self.engine.lasting() as db:
            row = (
                await db.execute(select(windows).where(windows.c.id == number).with_for_update())
            ).one_or_none()
            if row is None:
                raise NotFound(N_("there is no announcement {number}"), number=number)
            there = announced_of(part(row, windows))
            if there.withdrawn_at is not None:
                facts = {"number": number, "by": there.withdrawn_by}
                raise Conflict(N_("announcement {number} was withdrawn by {by} already"), **facts)
            moved = update(windows).where(windows.c.id == number)
            await db.execute(moved.values(withdrawn_by=by, withdrawn_at=now))
            of_portal = select(pages.c.id).where(pages.c.portal == there.window.portal)
            afresh = update(page_state).where(page_state.c.page.in_(of_portal))
            await db.execute(afresh.values(version=page_state.c.version + 1, **LOOK_AFRESH))
            of, key = f"portal {there.window.portal}", self.engine.audit_key
            after = {"announcement": number}
            await db.run_sync(note, key, Actor(by, via), Act.CALLED_OFF, at=now, of=of, after=after)

    async def every(self, *, portal: str | None = None) -> tuple[Announced, ...]:
        """All that was ever announced, by id."""
        query = select(windows).order_by(windows.c.id)
        return await self._read(query if portal is None else query.where(windows.c.portal == portal))

    async def latest(
        self, limit: int, *, before: int | None = None, portal: str | None = None
    ) -> tuple[Announced, ...]:
        """Those that were announced last, the newest first, `before` the one with this id."""
        query = select(windows).order_by(windows.c.id.desc()).limit(limit)
        if portal is not None:
            query = query.where(windows.c.portal == portal)
        return await self._read(query if before is None else query.where(windows.c.id < before))

    async def ahead(self, now: datetime, limit: int) -> tuple[int, tuple[Announced, ...]]:
        """How many run or are to come, and the first of them."""
        which = and_(windows.c.ends > now, windows.c.withdrawn_at.is_(None))
        count = select(func.count()).select_from(windows).where(which)
        query = select(windows).where(which).order_by(windows.c.starts, windows.c.id).limit(limit)
        return await self.engine.read(lambda db: db.scalar(count)) or 0, await self._read(query)

    async def over(self, now: datetime, limit: int) -> tuple[Announced, ...]:
        """The latest of those that are over, were ended or called off, the newest first."""
        which = or_(windows.c.ends <= now, windows.c.withdrawn_at.is_not(None))
        return await self._read(select(windows).where(which).order_by(windows.c.id.desc()).limit(limit))

    async def _read(self, query: Select[Any]) -> tuple[Announced, ...]:
        async with self.engine.reading() as db:
            return tuple(announced_of(part(row, windows)) for row in await db.execute(query))

    async def running(self, now: datetime, *, portal: str | None = None) -> Sequence[Window]:
        """Those that run now."""
        query = select(windows).where(holds_at(now)).order_by(windows.c.ends)
        if portal is not None:
            query = query.where(windows.c.portal == portal)
        async with self.engine.reading() as db:
            return [announced_of(part(row, windows)).window for row in await db.execute(query)]


async def _refuse_many(db: AsyncConnection, portal: str, now: datetime) -> None:
    """Raises Conflict where so many were announced by the link of a portal within a day, withdrawn ones
    included: whoever has the link does not take all the places of those on duty."""
    mine = and_(windows.c.portal == portal, windows.c.via == LINK, windows.c.at > now - timedelta(days=1))
    if (await db.scalar(select(func.count()).where(mine)) or 0) >= BY_LINK:
        text = N_("{count} updates were announced by this link within a day. Call those on duty for more.")
        raise Conflict(text, count=BY_LINK)


def announced_of(row: Columns) -> Announced:
    window = Window(
        row["portal"],
        row["starts"],
        row["ends"],
        row["by"],
        row["reason"],
        row["contact"],
        row["via"],
        row["id"],
    )
    return Announced(window, row["at"], row["withdrawn_by"], row["withdrawn_at"])
