"""Which blobs the captures name."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, select
from sqlalchemy.ext.asyncio import AsyncConnection

from defacewatch.store.schema import approvals, captures

KEPT = captures.c.expired_at.is_(None)  # captures whose blobs should be there
APPROVED = captures.c.id.in_(select(approvals.c.capture))  # also those that a later approval replaced


@dataclass(frozen=True)
class Named:
    """A capture, and its blobs by their SHA-256."""

    capture: str
    blobs: frozenset[str]


async def named(db: AsyncConnection, *where: ColumnElement[bool]) -> list[Named]:
    """The captures that `where` selects, oldest first."""
    return await db.run_sync(named_in, *where)


def named_in(db: Connection, *where: ColumnElement[bool]) -> list[Named]:
    """`named`, for who is in a thread: of hundreds of thousands it takes its time."""
    columns = (captures.c.id, captures.c.served, captures.c.dom, captures.c.screenshot, captures.c.facts)
    rows = db.execute(select(*columns).where(*where).order_by(captures.c.at, captures.c.id))
    return [Named(row.id, frozenset((row.served, row.dom, row.screenshot, row.facts))) for row in rows]
