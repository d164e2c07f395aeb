"""Captures as those who approve see them: with the baseline they would replace, who proposed them and why."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Subquery, and_, case, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from defacewatch.baselines import Approval
from defacewatch.captures import Capture
from defacewatch.errors import NotFound
from defacewatch.features import Features
from defacewatch.incidents import Incident, State
from defacewatch.portals import Page, Portal
from defacewatch.store.columns import earlier
from defacewatch.store.dutyschema import windows
from defacewatch.store.engine import Engine
from defacewatch.store.proposals import ONCE_APPROVED, WAITING, newer_than
from defacewatch.store.rows import (
    approval_of,
    capture_of,
    incident_of,
    light,
    light_part,
    page_of,
    part,
    portal_of,
    readable,
)
from defacewatch.store.schema import approvals, captures, incidents, pages, portals
from defacewatch.store.windows import announced_of
from defacewatch.windows import Window

AFTERWARDS = timedelta(days=1)  # that a capture may come after what was announced, and belong to it

_LIGHT = light(captures)


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
            newer = await newer_than(db, light_part(rows[0], captures))
            return replace(review, newer=newer)

    async def features(self, capture_id: str, *, version: int | None) -> Features | None:
        """What comparing needs of a capture; None where it has expired, or where another `version` of the
        program made it (None: any will do)."""
        query = select(captures.c.features).where(captures.c.id == capture_id)
        if version is not None:
            query = query.where(captures.c.features_version == version)
        packed = await self.engine.read(lambda db: db.scalar(query))
        return None if packed is None else readable(packed)

    async def counts(self) -> Mapping[Origin, int]:
        """How many proposals `waiting` has, by origin; those that have none are left out."""
        newest = _newest()
        query = select(newest.c.origin, func.count()).group_by(newest.c.origin)
        rows = await self.engine.read(lambda db: db.execute(query).all())
        return {Origin(origin): count for origin, count in rows}

    async def waiting(
        self, origin: Origin | None = None, *, limit: int | None = None, offset: int = 0
    ) -> list[Review]:
        """The newest proposal of each page that is watched, the latest first, and those that would bring an
        earlier look back (of one `origin`, if given); without the details of their captures."""
        newest = _newest(origin)
        order = (newest.c.proposed_at.desc(), newest.c.id)
        page = select(newest.c.id, newest.c.among).order_by(*order).limit(limit).offset(offset)
        async with self.engine.reading() as db:
            among: dict[str, int] = {row.id: row.among for row in await db.execute(page)}
            found = _query(captures.c.id.in_(among))
            rows = (await db.execute(found.order_by(captures.c.proposed_at.desc(), captures.c.id))).all()
            return await _reviews(db, rows, among, bare=True)

    async def chosen(
        self, origin: Origin | None = None, *, among: Collection[str] | None = None, limit: int
    ) -> list[str]:
        """The captures of what is `waiting`, in its order; of those `among` these."""
        newest = _newest(origin)
        query = select(newest.c.id).order_by(newest.c.proposed_at.desc(), newest.c.id).limit(limit)
        if among is not None:
            query = query.where(newest.c.id.in_(list(among)))
        return list(await self.engine.read(lambda db: db.scalars(query).all()))

    async def without(self, limit: int) -> tuple[int, list[tuple[Portal, Page]]]:
        """How many pages are watched and have neither baseline nor proposal; the first of them."""
        approved = select(approvals.c.page).where(approvals.c.withdrawn_at.is_(None))
        proposed = select(captures.c.page).where(WAITING, captures.c.expired_at.is_(None))
        missing = and_(pages.c.id.not_in(approved), pages.c.id.not_in(proposed))
        among = pages.join(portals, pages.c.portal == portals.c.key)
        which = and_(pages.c.enabled, portals.c.enabled, missing)
        query = select(pages, portals).select_from(among).where(which).limit(limit)
        async with self.engine.reading() as db:
            count = await db.scalar(select(func.count()).select_from(among).where(which)) or 0
            rows = await db.execute(query.order_by(portals.c.name, pages.c.position))
            return count, [(portal_of(part(row, portals)), page_of(part(row, pages))) for row in rows]

    async def history(self, page_id: str) -> list[Chapter]:
        """Every approval of a page with its capture (without details), the latest first."""
        query = (
            select(*light(approvals), *_LIGHT)
            .join(captures, approvals.c.capture == captures.c.id)
            .where(approvals.c.page == page_id)
            .order_by(approvals.c.id.desc())
        )
        async with self.engine.reading() as db:
            rows = await db.execute(query)
            return [
                Chapter(approval_of(light_part(row, approvals)), _capture_of(row, bare=True)) for row in rows
            ]


def _origin() -> ColumnElement[str]:
    """The origin of a capture that waits, as `Review.origin` has it."""
    based = exists().where(approvals.c.page == captures.c.page, approvals.c.withdrawn_at.is_(None))
    announced = exists().where(
        windows.c.portal == pages.c.portal,
        windows.c.withdrawn_at.is_(None),
        windows.c.starts <= captures.c.at,
        windows.c.ends > earlier(captures.c.at, AFTERWARDS),
    )
    shown = exists().where(
        incidents.c.page == captures.c.page,
        incidents.c.capture == captures.c.id,
        incidents.c.state != State.RESOLVED.value,
    )
    return case(
        (ONCE_APPROVED, Origin.EARLIER.value),
        (~based, Origin.FIRST.value),
        (announced, Origin.ANNOUNCED.value),
        (shown, Origin.INCIDENT.value),
        else_=Origin.LEARNED.value,
    )


def _newest(origin: Origin | None = None) -> Subquery:
    """The captures that `Reviews.waiting` is about: id, proposed_at, origin, and `among` how many proposals
    of its page each is the newest."""
    order = (captures.c.at.desc(), captures.c.id.desc())
    of_page = (captures.c.page, ONCE_APPROVED)
    ranked = (
        select(
            captures.c.id,
            captures.c.proposed_at,
            _origin().label("origin"),
            func.row_number().over(partition_by=of_page, order_by=order).label("place"),
            func.count().over(partition_by=of_page).label("among"),
        )
        .join(pages, captures.c.page == pages.c.id)
        .join(portals, pages.c.portal == portals.c.key)
        .where(WAITING, captures.c.expired_at.is_(None), pages.c.enabled, portals.c.enabled)
        .subquery()
    )
    query = select(ranked).where(ranked.c.place == 1)
    return (query if origin is None else query.where(ranked.c.origin == origin.value)).subquery()


def _query(which: ColumnElement[bool]) -> Select[Any]:
    return (
        select(*_LIGHT, pages, portals, WAITING.label("is_waiting"))
        .join(pages, captures.c.page == pages.c.id)
        .join(portals, pages.c.portal == portals.c.key)
        .where(which)
    )


def _capture_of(row: Row[Any], *, bare: bool = False) -> Capture:
    columns = dict(light_part(row, captures))
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
    announced = await _windows(db, found)
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
    those = select(*light(approvals)).where(approvals.c.capture.in_(of_captures))
    rows = await db.execute(those.order_by(approvals.c.id))
    return {row.capture: approval_of(light_part(row, approvals)) for row in rows}


async def _windows(
    db: AsyncConnection, found: Sequence[tuple[Capture, Row[Any]]]
) -> Mapping[str, list[Window]]:
    """The announcements of the captures' portals that one of the captures may belong to."""
    if not found:
        return {}
    times = [capture.at for capture, _ in found]
    query = select(windows).where(
        windows.c.portal.in_({row._mapping[portals.c.key] for _, row in found}),
        windows.c.withdrawn_at.is_(None),
        windows.c.starts <= max(times),
        windows.c.ends > min(times) - AFTERWARDS,
    )
    near: dict[str, list[Window]] = defaultdict(list)
    for row in await db.execute(query.order_by(windows.c.starts)):
        near[row.portal].append(announced_of(part(row, windows)).window)
    return near


def _window(announced: Sequence[Window], capture: Capture) -> Window | None:
    """The announcement, the latest that had begun, to which a capture belongs."""
    begun = [window for window in announced if window.start <= capture.at < window.end + AFTERWARDS]
    return begun[-1] if begun else None
