"""Captures as those who approve see them: with the baseline they would replace, who proposed them and why."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from defacewatch.baselines import Approval
from defacewatch.captures import Capture
from defacewatch.errors import NotFound
from defacewatch.incidents import Incident, State
from defacewatch.portals import Page, Portal
from defacewatch.store.dutyschema import windows
from defacewatch.store.engine import Engine
from defacewatch.store.proposals import ONCE_APPROVED, WAITING, newer_than
from defacewatch.store.rows import approval_of, capture_of, incident_of, page_of, part, portal_of
from defacewatch.store.schema import approvals, captures, incidents, pages, portals
from defacewatch.store.windows import announced_of
from defacewatch.windows import Window

AFTERWARDS = timedelta(days=1)  # that a capture may come after what was announced, and belong to it

_HEAVY = (captures.c.features,)
_LIGHT = tuple(column for column in captures.c if column is not captures.c.features)


class Origin(StrEnum):
    """Why a capture is there to be judged."""

    FIRST = "first"  # the page has no baseline
    ANNOUNCED = "announced"  # an update or a maintenance window had been announced
    EARLIER = "earlier"  # it was the baseline before, and would be brought back
    INCIDENT = "incident"  # an open incident shows it
    LEARNED = "learned"  # taken on purpose


@dataclass(frozen=True)
class Review:
    """A capture to be judged. `before` is the look approved last, one of `looks`, `version` the number of the
    page's latest approval (0: none); `waiting`: it is a proposal that nobody has settled; `stands`: it is
    approved now; `earlier`: the approval by which it once was. `newer` is the capture to look at instead,
    `incident` the page's unresolved one; `older` proposals of the page wait besides."""

    capture: Capture
    portal: Portal
    page: Page
    before: Capture | None = None
    looks: int = 0
    version: int = 0
    waiting: bool = False
    stands: bool = False
    earlier: Approval | None = None
    newer: str | None = None
    incident: Incident | None = None
    window: Window | None = None
    older: int = 0

    @property
    def origin(self) -> Origin:
        if self.earlier is not None:
            return Origin.EARLIER
        if self.before is None:
            return Origin.FIRST
        if self.window is not None:
            return Origin.ANNOUNCED
        shown = self.incident is not None and self.incident.capture == self.capture.id
        return Origin.INCIDENT if shown else Origin.LEARNED


@dataclass(frozen=True)
class Chapter:
    """One approval of a page's history, and its capture."""

    approval: Approval
    capture: Capture


class Reviews:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def of(self, capture_id: str) -> Review:
        """One capture. Raises NotFound."""
        async with self.engine.reading() as db:
            rows = (await db.execute(_query(captures.c.id == capture_id))).all()
            if not rows:
                raise NotFound(f"there is no capture {capture_id}")
            (review,) = await _reviews(db, rows)
            if review.earlier is not None or review.stands:
                return review
            newer = await newer_than(db, part(rows[0], captures, leave=_HEAVY))
            return replace(review, newer=newer)

    async def waiting(self) -> list[Review]:
        """The newest proposal of each page that is watched, the latest first, and those that would bring an
        earlier look back; without the details of their captures."""
        order = (captures.c.at.desc(), captures.c.id.desc())
        of_page = (captures.c.page, ONCE_APPROVED)
        ranked = (
            select(
                captures.c.id,
                func.row_number().over(partition_by=of_page, order_by=order).label("place"),
                func.count().over(partition_by=of_page).label("among"),
            )
            .join(pages, captures.c.page == pages.c.id)
            .join(portals, pages.c.portal == portals.c.key)
            .where(WAITING, captures.c.expired_at.is_(None), pages.c.enabled, portals.c.enabled)
            .subquery()
        )
        newest = select(ranked.c.id, ranked.c.among).where(ranked.c.place == 1)
        async with self.engine.reading() as db:
            among: dict[str, int] = {row.id: row.among for row in await db.execute(newest)}
            found = _query(captures.c.id.in_(select(newest.subquery().c.id)))
            rows = (await db.execute(found.order_by(captures.c.proposed_at.desc(), captures.c.id))).all()
            return await _reviews(db, rows, among, bare=True)

    async def without(self) -> list[tuple[Portal, Page]]:
        """The pages that are watched, have no baseline, and of which nothing is proposed."""
        approved = select(approvals.c.page).where(approvals.c.withdrawn_at.is_(None))
        proposed = select(captures.c.page).where(WAITING, captures.c.expired_at.is_(None))
        missing = and_(pages.c.id.not_in(approved), pages.c.id.not_in(proposed))
        query = (
            select(pages, portals)
            .join(portals, pages.c.portal == portals.c.key)
            .where(pages.c.enabled, portals.c.enabled, missing)
            .order_by(portals.c.name, pages.c.position)
        )
        async with self.engine.reading() as db:
            rows = await db.execute(query)
            return [(portal_of(part(row, portals)), page_of(part(row, pages))) for row in rows]

    async def history(self, page_id: str) -> list[Chapter]:
        """Every approval of a page with its capture (without details), the latest first."""
        query = (
            select(approvals, *_LIGHT)
            .join(captures, approvals.c.capture == captures.c.id)
            .where(approvals.c.page == page_id)
            .order_by(approvals.c.id.desc())
        )
        async with self.engine.reading() as db:
            rows = await db.execute(query)
            return [Chapter(approval_of(part(row, approvals)), _capture_of(row, bare=True)) for row in rows]


def _query(which: ColumnElement[bool]) -> Select[Any]:
    return (
        select(*_LIGHT, pages, portals, WAITING.label("is_waiting"))
        .join(pages, captures.c.page == pages.c.id)
        .join(portals, pages.c.portal == portals.c.key)
        .where(which)
    )


def _capture_of(row: Row[Any], *, bare: bool = False) -> Capture:
    columns = dict(part(row, captures, leave=_HEAVY))
    return capture_of(columns | {"details": "{}"} if bare else columns)


async def _reviews(
    db: AsyncConnection,
    rows: Sequence[Row[Any]],
    among: Mapping[str, int] | None = None,
    *,
    bare: bool = False,
) -> list[Review]:
    """`bare`: without the details of captures."""
    found = [(_capture_of(row, bare=bare), row) for row in rows]
    of_pages = {capture.page for capture, _ in found}
    standing = await _standing(db, of_pages, bare=bare)
    versions = await _versions(db, of_pages)
    unresolved = await _unresolved(db, of_pages)
    earlier = await _approvals(db, {capture.id for capture, _ in found})
    announced = await _windows(db, {row._mapping[portals.c.key] for _, row in found})
    reviews = []
    for capture, row in found:
        portal, looks = portal_of(part(row, portals)), standing.get(capture.page, [])
        stands = any(look.id == capture.id for look in looks)
        reviews.append(
            Review(
                capture,
                portal,
                page_of(part(row, pages)),
                before=looks[-1] if looks else None,
                looks=len(looks),
                version=versions.get(capture.page, 0),
                waiting=bool(row.is_waiting),
                stands=stands,
                earlier=None if stands else earlier.get(capture.id),
                incident=unresolved.get(capture.page),
                window=_window(announced.get(portal.key, []), capture),
                older=(among or {}).get(capture.id, 1) - 1,
            )
        )
    return reviews


async def _standing(
    db: AsyncConnection, of_pages: Collection[str], *, bare: bool
) -> Mapping[str, list[Capture]]:
    """The looks of pages that are approved now, the one approved last at the end."""
    query = (
        select(*_LIGHT)
        .join(approvals, approvals.c.capture == captures.c.id)
        .where(approvals.c.page.in_(of_pages), approvals.c.withdrawn_at.is_(None))
        .order_by(approvals.c.id)
    )
    found: dict[str, list[Capture]] = defaultdict(list)
    for row in await db.execute(query):
        capture = _capture_of(row, bare=bare)
        found[capture.page].append(capture)
    return found


async def _versions(db: AsyncConnection, of_pages: Collection[str]) -> Mapping[str, int]:
    last = func.max(approvals.c.id).label("last")
    query = select(approvals.c.page, last).where(approvals.c.page.in_(of_pages)).group_by(approvals.c.page)
    return {row.page: row.last for row in await db.execute(query)}


async def _unresolved(db: AsyncConnection, of_pages: Collection[str]) -> Mapping[str, Incident]:
    query = select(incidents).where(incidents.c.page.in_(of_pages), incidents.c.state != State.RESOLVED.value)
    return {row.page: incident_of(part(row, incidents)) for row in await db.execute(query)}


async def _approvals(db: AsyncConnection, of_captures: Collection[str]) -> Mapping[str, Approval]:
    """The last approval of each capture."""
    query = select(approvals).where(approvals.c.capture.in_(of_captures)).order_by(approvals.c.id)
    return {row.capture: approval_of(part(row, approvals)) for row in await db.execute(query)}


async def _windows(db: AsyncConnection, keys: Collection[str]) -> Mapping[str, list[Window]]:
    query = select(windows).where(windows.c.portal.in_(keys), windows.c.withdrawn_at.is_(None))
    found: dict[str, list[Window]] = defaultdict(list)
    for row in await db.execute(query.order_by(windows.c.starts)):
        found[row.portal].append(announced_of(part(row, windows)).window)
    return found


def _window(announced: Sequence[Window], capture: Capture) -> Window | None:
    """The announcement, the latest that had begun, to which a capture belongs."""
    begun = [window for window in announced if window.start <= capture.at < window.end + AFTERWARDS]
    return begun[-1] if begun else None
