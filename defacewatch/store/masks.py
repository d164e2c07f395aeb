"""Masks. Nothing is changed or deleted afterwards: what no longer holds is ended, and stays to be seen."""

import json
from collections.abc import Collection
from datetime import datetime
from functools import partial

from sqlalchemy import ColumnElement, and_, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from defacewatch.approving import check_account
from defacewatch.audit import Act, Actor
from defacewatch.errors import Conflict, NotFound
from defacewatch.language import N_
from defacewatch.masks import LIVING, TALLEST, Mask, Rectangle, check_confirming, check_covered
from defacewatch.store.audit import note
from defacewatch.store.auditrows import accounts_of
from defacewatch.store.engine import Engine
from defacewatch.store.maskschema import masks
from defacewatch.store.moves import LOOK_AFRESH, touch
from defacewatch.store.portals import page_with_portal
from defacewatch.store.rows import Columns, Values, part
from defacewatch.store.schema import pages, portals


def living(now: object) -> ColumnElement[bool]:
    """Masks that have neither ended nor expired at a moment."""
    return and_(masks.c.expires > now, masks.c.ended_at.is_(None))


def in_force(now: object) -> ColumnElement[bool]:
    """Masks (beside their `portals`) that are applied at a moment."""
    confirmed = or_(masks.c.confirmed_at.is_not(None), ~portals.c.critical)
    return and_(living(now), confirmed)


class Masks:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def add(self, mask: Mask, *, now: datetime, via: str, height: int = TALLEST) -> Mask:
        """Enter a mask that was found to be right (masking.draw) on a page of this height (px). The next
        check looks afresh. Raises Conflict or UsageError where with what others drew meanwhile it is too
        much."""
        async with self.engine.lasting() as db:
            await db.run_sync(touch, mask.page, LOOK_AFRESH)
            living_ = await db.execute(select(masks).where(masks.c.page == mask.page, living(now)))
            others = [mask_of(part(row, masks)) for row in living_]
            if len(others) >= LIVING:  # somebody was faster
                raise Conflict(N_("The page has 20 masks that have not ended: end some first."))
            check_covered((mask, *others), height)
            values: Values = {
                "page": mask.page,
                "capture": mask.capture,
                "left_px": mask.rectangle.left,
                "top_px": mask.rectangle.top,
                "width_px": mask.rectangle.width,
                "height_px": mask.rectangle.height,
                "blocks": json.dumps(mask.blocks),
                "reason": mask.reason,
                "by": mask.by,
                "at": now,
                "expires": mask.expires,
            }
            made = await db.execute(insert(masks).values(values).returning(masks))
            entered = mask_of(part(made.one(), masks))
            await self._note(db, Act.MASK_DRAWN, entered, Actor(mask.by, via), now)
            return entered

    async def confirm(self, number: int, *, by: str, now: datetime, via: str) -> Mask:
        """Put a mask of a page of a critical portal in force. Raises NotFound; Conflict where it does not
        wait, or the same person drew it."""
        async with self.engine.reading() as db:  # the log takes a while, and is only added to
            mask = await _one(db, number)
            portal, _ = await page_with_portal(db, mask.page)
            check_confirming(mask, critical=portal.critical, by=by, now=now)
            used = await db.run_sync(partial(accounts_of, who=mask.by))
        async with self.engine.lasting() as db:
            mask = await _for_update(db, number)
            portal, _ = await page_with_portal(db, mask.page)
            check_confirming(mask, critical=portal.critical, by=by, now=now)
            check_account(via, used)
            return await self._moved(db, mask, Act.MASK_CONFIRMED, "confirmed", Actor(by, via), now)

    async def end(self, number: int, *, by: str, now: datetime, via: str) -> Mask:
        """End a mask before its time. Raises NotFound, and Conflict where it is over."""
        async with self.engine.lasting() as db:
            mask = await _for_update(db, number)
            if mask.ended_at is not None or mask.expires <= now:
                raise Conflict(N_("This mask is over already."))
            return await self._moved(db, mask, Act.MASK_ENDED, "ended", Actor(by, via), now)

    async def get(self, number: int) -> Mask:
        """Raises NotFound."""
        async with self.engine.reading() as db:
            return await _one(db, number)

    async def every(self, *, page: str | None = None) -> tuple[Mask, ...]:
        """All that there ever were, the newest first."""
        query = select(masks).order_by(masks.c.id.desc())
        if page is not None:
            query = query.where(masks.c.page == page)
        async with self.engine.reading() as db:
            return tuple(mask_of(part(row, masks)) for row in await db.execute(query))

    async def some(
        self, limit: int, *, before: int | None = None, page: str | None = None, now: datetime | None = None
    ) -> list[Mask]:
        """At most `limit` of them, the newest first, those older than the number `before`; with `now` only
        those that are not over then."""
        query = select(masks).order_by(masks.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(masks.c.id < before)
        if page is not None:
            query = query.where(masks.c.page == page)
        if now is not None:
            query = query.where(living(now))
        async with self.engine.reading() as db:
            return [mask_of(part(row, masks)) for row in await db.execute(query)]

    async def critical(self, of: Collection[Mask]) -> frozenset[str]:
        """The pages of these masks that are of critical portals."""
        query = select(pages.c.id).join(portals, portals.c.key == pages.c.portal).where(portals.c.critical)
        among = {mask.page for mask in of}
        async with self.engine.reading() as db:
            return frozenset(await db.scalars(query.where(pages.c.id.in_(among)))) if among else frozenset()

    async def _moved(
        self, db: AsyncConnection, mask: Mask, act: Act, what: str, actor: Actor, now: datetime
    ) -> Mask:
        values: Values = {f"{what}_by": actor.who, f"{what}_at": now}
        made = await db.execute(update(masks).where(masks.c.id == mask.id).values(values).returning(masks))
        moved = mask_of(part(made.one(), masks))
        await self._note(db, act, moved, actor, now)
        return moved

    async def _note(self, db: AsyncConnection, act: Act, mask: Mask, actor: Actor, now: datetime) -> None:
        r = mask.rectangle
        facts = {
            "page": mask.page,
            "rectangle": f"{r.left},{r.top} {r.width}x{r.height}",
            "blocks": list(mask.blocks),
            "reason": mask.reason,
            "expires": mask.expires.isoformat(),
        }
        key, of = self.engine.audit_key, f"mask {mask.id}"
        await db.run_sync(note, key, actor, act, at=now, of=of, after=facts)


async def _one(db: AsyncConnection, number: int) -> Mask:
    row = (await db.execute(select(masks).where(masks.c.id == number))).one_or_none()
    if row is None:
        raise NotFound(f"there is no mask {number}")
    return mask_of(part(row, masks))


async def _for_update(db: AsyncConnection, number: int) -> Mask:
    """A mask, whose page's state is touched: checks under way read again, and others wait."""
    page = (await _one(db, number)).page
    await db.run_sync(touch, page, LOOK_AFRESH)
    return await _one(db, number)


def mask_of(row: Columns) -> Mask:
    return Mask(
        page=row["page"],
        rectangle=Rectangle(row["left_px"], row["top_px"], row["width_px"], row["height_px"]),
        reason=row["reason"],
        by=row["by"],
        at=row["at"],
        expires=row["expires"],
        capture=row["capture"],
        blocks=tuple(json.loads(row["blocks"])),
        confirmed_by=row["confirmed_by"],
        confirmed_at=row["confirmed_at"],
        ended_by=row["ended_by"],
        ended_at=row["ended_at"],
        id=row["id"],
    )
