"""Captures that somebody has proposed as baseline, and whether they still wait. Each function runs inside a
transaction of its caller."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import and_, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from defacewatch.errors import Conflict
from defacewatch.incidents import State
from defacewatch.language import N_
from defacewatch.store.rows import Columns
from defacewatch.store.schema import approvals, captures, incidents

ANOTHER_BASELINE = N_("The page has another baseline by now than the one that was shown: look again.")
NEWER = N_("There is a newer capture by now: look at it first.")

_STANDS = exists().where(approvals.c.capture == captures.c.id, approvals.c.withdrawn_at.is_(None))
_APPROVED_SINCE = exists().where(
    approvals.c.page == captures.c.page, approvals.c.at >= captures.c.proposed_at
)
# A capture that was replaced can be proposed anew: to bring an earlier look back.
SETTLED = or_(_STANDS, _APPROVED_SINCE)
WAITING = and_(captures.c.proposed_at.is_not(None), ~SETTLED)
ONCE_APPROVED = exists().where(approvals.c.capture == captures.c.id)


async def propose(
    db: AsyncConnection, capture_id: str, *, by: str, now: datetime, officers: Collection[str] = ()
) -> None:
    """Who proposed it first stays its proposer, until it is settled; where only `officers` count (empty: all
    do), one of them takes the place of somebody else. It is proposed after all approvals of its page, also
    those that are still to come by a clock that was set back since."""
    free = or_(captures.c.proposed_by.is_(None), captures.c.proposed_by == by, SETTLED)
    if officers:
        free = or_(free, captures.c.proposed_by.not_in(list(officers)))
    page = select(captures.c.page).where(captures.c.id == capture_id).scalar_subquery()
    last = await db.scalar(select(func.max(approvals.c.at)).where(approvals.c.page == page))
    at = now if last is None or last <= now else last + timedelta(microseconds=1)
    proposed = update(captures).where(captures.c.id == capture_id, free)
    await db.execute(proposed.values(proposed_by=by, proposed_at=at))


async def is_waiting(db: AsyncConnection, capture_id: str) -> bool:
    query = select(captures.c.id).where(captures.c.id == capture_id, WAITING)
    return await db.scalar(query) is not None


async def once_approved(db: AsyncConnection, capture_id: str) -> bool:
    query = select(approvals.c.id).where(approvals.c.capture == capture_id).limit(1)
    return await db.scalar(query) is not None


async def version_of(db: AsyncConnection, page: str) -> int:
    """The number of a page's latest approval, 0 before the first."""
    return await db.scalar(select(func.max(approvals.c.id)).where(approvals.c.page == page)) or 0


async def newer_than(db: AsyncConnection, capture: Columns) -> str | None:
    """The latest capture of the page that was taken after this one, and is proposed, or is what an unresolved
    incident shows and looks otherwise. What would bring an earlier look back does not count."""
    proposed = and_(WAITING, ~ONCE_APPROVED)
    otherwise = or_(
        captures.c.dom_hash != capture["dom_hash"], captures.c.screen_hash != capture["screen_hash"]
    )
    evidence = exists().where(
        incidents.c.page == captures.c.page,
        incidents.c.capture == captures.c.id,
        incidents.c.state != State.RESOLVED.value,
    )
    query = select(captures.c.id).where(
        captures.c.page == capture["page"],
        captures.c.at > capture["at"],
        captures.c.expired_at.is_(None),
        or_(proposed, and_(evidence, otherwise)),
    )
    return await db.scalar(query.order_by(captures.c.at.desc(), captures.c.id.desc()).limit(1))


async def check_shown(db: AsyncConnection, capture: Columns, against: int) -> None:
    """Raise Conflict unless a capture is still what there is to judge, and `against` the page's baseline with
    which it was shown. An earlier look that is brought back is judged by itself."""
    if await version_of(db, capture["page"]) != against:
        raise Conflict(ANOTHER_BASELINE)
    if await once_approved(db, capture["id"]):
        return
    if await newer_than(db, capture) is not None:
        raise Conflict(NEWER)
