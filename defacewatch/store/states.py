"""How pages stand, and the checks that were kept: what lists show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, exists, or_, select
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from defacewatch.captures import Tier
from defacewatch.incidents import Incident, State
from defacewatch.portals import Page, Portal
from defacewatch.store.rows import Columns, incident_of, page_of, part, parts, portal_of, verdict_of
from defacewatch.store.schema import approvals, check_days, checks, incidents, page_state, pages, portals
from defacewatch.verdicts import BAD, Streak, Verdict, VerdictKind

UNRESOLVED = incidents.c.state != State.RESOLVED.value
_TABLES = (pages, portals, page_state, incidents)
_HAS_BASELINE = exists().where(approvals.c.page == pages.c.id, approvals.c.withdrawn_at.is_(None))


@dataclass(frozen=True)
class PageState:
    """How a page stands, for lists. `portal` comes without its pages; `incident` is the unresolved one."""

    page: Page
    portal: Portal
    verdict: VerdictKind | None
    score: float
    checked_at: datetime | None
    captured_at: datetime | None
    capture: str | None
    streak: Streak
    incident: Incident | None
    has_baseline: bool

    @property
    def worst(self) -> VerdictKind | None:
        """What a list should show: an unresolved attack outranks a page that looks well now."""
        if self.incident is not None and (self.incident.verdict in BAD or self.verdict not in BAD):
            return self.incident.verdict
        return self.verdict


@dataclass(frozen=True, slots=True)
class Standing:
    """The least of how a page stands, for who asks about all of them all the time; `incident` is the state of
    the unresolved one."""

    page: str
    verdict: VerdictKind | None
    checked_at: datetime | None
    captured_at: datetime | None
    incident: State | None


@dataclass(frozen=True)
class CheckRow:
    """A check that was kept: every one that found something, and every one with the browser, as long as it
    is not rolled up."""

    id: int
    page: str
    at: datetime
    tier: Tier
    verdict: Verdict
    looks: int
    elapsed: float
    dom_hash: str | None
    screen_hash: str | None
    capture: str | None
    incident: int | None


@dataclass(frozen=True)
class CheckDay:
    """What is left of a page's checks that found nothing on one day (its beginning, UTC), of one tier and
    verdict: how many, their looks, the seconds of all together and of the longest."""

    page: str
    day: datetime
    tier: Tier
    verdict: VerdictKind
    checks: int
    looks: int
    elapsed: float
    longest: float


_STANDING = (
    select(
        page_state.c.page,
        page_state.c.verdict,
        page_state.c.checked_at,
        page_state.c.captured_at,
        incidents.c.state,
    )
    .join(pages, page_state.c.page == pages.c.id)
    .join(portals, pages.c.portal == portals.c.key)
    .outerjoin(incidents, and_(incidents.c.page == page_state.c.page, UNRESOLVED))
    .where(pages.c.enabled, portals.c.enabled)
)
_VERDICTS: Mapping[str | None, VerdictKind | None] = {None: None} | {kind.value: kind for kind in VerdictKind}
_STATES: Mapping[str | None, State | None] = {None: None} | {state.value: state for state in State}


def standing(db: Connection) -> list[Standing]:
    return [
        Standing(page, _VERDICTS[verdict], checked_at, captured_at, _STATES[state])
        for page, verdict, checked_at, captured_at, state in db.execute(_STANDING)
    ]


def latest(
    db: Connection, page_ids: Sequence[str] | None, after: str | None = None, limit: int | None = None
) -> list[PageState]:
    query = (
        select(*_TABLES, _HAS_BASELINE)
        .join(portals, pages.c.portal == portals.c.key)
        .join(page_state, page_state.c.page == pages.c.id)
        .outerjoin(incidents, and_(incidents.c.page == pages.c.id, UNRESOLVED))
        .order_by(*((portals.c.key, pages.c.position) if limit is None else (pages.c.id,)))
        .limit(limit)
    )
    if after is not None:
        query = query.where(pages.c.id > after)
    if page_ids is None:
        query = query.where(pages.c.enabled, portals.c.enabled)
    else:
        query = query.where(pages.c.id.in_(page_ids))
    return [_page_state(row) for row in db.execute(query)]


def days(db: Connection, page_id: str, limit: int) -> list[CheckDay]:
    query = select(check_days).where(check_days.c.page == page_id)
    order = (check_days.c.day.desc(), check_days.c.tier, check_days.c.verdict)
    return [
        CheckDay(page, day, Tier(tier), VerdictKind(verdict), *sums)
        for page, day, tier, verdict, *sums in db.execute(query.order_by(*order).limit(limit))
    ]


async def history(
    db: AsyncConnection, page_id: str, limit: int, before: tuple[datetime, int] | None = None
) -> list[CheckRow]:
    query = (
        select(checks)
        .where(checks.c.page == page_id)
        .order_by(checks.c.at.desc(), checks.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        at, number = before
        query = query.where(or_(checks.c.at < at, and_(checks.c.at == at, checks.c.id < number)))
    return [_check_row(part(row, checks)) for row in await db.execute(query)]


async def taking(db: AsyncConnection, page_id: str, capture: str) -> CheckRow | None:
    query = select(checks).where(checks.c.page == page_id, checks.c.capture == capture)
    row = (await db.execute(query.order_by(checks.c.id.desc()).limit(1))).one_or_none()
    return None if row is None else _check_row(part(row, checks))


def streak_of(state: Columns) -> Streak:
    return Streak(state["failures"], Tier(state["failure_tier"]))


def _page_state(row: Row[Any]) -> PageState:
    page, portal, state, incident = parts(row, *_TABLES)
    return PageState(
        page_of(page),
        portal_of(portal),
        VerdictKind(state["verdict"]) if state["verdict"] else None,
        state["score"],
        state["checked_at"],
        state["captured_at"],
        state["capture"],
        streak_of(state),
        None if incident["id"] is None else incident_of(incident),
        row[-1],
    )


def _check_row(row: Columns) -> CheckRow:
    return CheckRow(
        row["id"],
        row["page"],
        row["at"],
        Tier(row["tier"]),
        verdict_of(row),
        row["looks"],
        row["elapsed"],
        row["dom_hash"],
        row["screen_hash"],
        row["capture"],
        row["incident"],
    )
