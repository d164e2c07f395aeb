"""What a wall of all portals shows, in few queries whatever their number: how pages stand, how the last day
went, and what is open."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Integer, Select, and_, cast, exists, extract, func, select
from sqlalchemy.engine import Connection

from defacewatch.campaigns import Campaign
from defacewatch.incidents import State
from defacewatch.portals import DRILL, Source
from defacewatch.store.campaigns import campaign_of
from defacewatch.store.engine import Engine
from defacewatch.store.incidents import IncidentView, view_of, views
from defacewatch.store.rows import part, tags_of, verdict_of
from defacewatch.store.schema import approvals, captures, checks, incidents, page_state, pages, portals
from defacewatch.store.states import UNRESOLVED
from defacewatch.store.stormschema import campaign_members, campaigns
from defacewatch.verdicts import BAD, Verdict, VerdictKind

SLOT = timedelta(minutes=15)  # of the last day, what one step of its line stands for
_SECONDS = int(SLOT.total_seconds())
_SAYS_NOTHING = [VerdictKind.CLEAN.value, VerdictKind.LEARNING.value, VerdictKind.UNKNOWN.value]


@dataclass(frozen=True, slots=True)
class WallPage:
    """How one enabled page stands, with what a tile says of its portal. `shot` is the picture of the last
    capture that was kept, as long as it is there."""

    page: str
    url: str
    portal: str
    name: str
    owner: str | None
    operator: str | None
    level: int | None
    critical: bool
    paused: bool
    verdict: VerdictKind | None
    score: float
    checked_at: datetime | None
    captured_at: datetime | None
    incident: int | None
    incident_verdict: VerdictKind | None
    incident_state: State | None
    shot: str | None
    has_baseline: bool
    tags: tuple[str, ...] = ()

    @property
    def face(self) -> tuple[object, ...]:
        """All of it but when it was looked at: what makes a tile another one."""
        return (
            self.url,
            self.name,
            self.owner,
            self.operator,
            self.level,
            self.critical,
            self.paused,
            self.verdict,
            self.score,
            self.incident,
            self.incident_verdict,
            self.incident_state,
            self.shot,
            self.has_baseline,
            self.tags,
        )

    @property
    def worst(self) -> VerdictKind | None:
        """What a list should show: an unresolved attack outranks a page that looks well now."""
        if self.incident_verdict is not None and (self.incident_verdict in BAD or self.verdict not in BAD):
            return self.incident_verdict
        return self.verdict


@dataclass(frozen=True, slots=True)
class ListedPortal:
    """A registered portal as a list shows it; `portal` is its key, `urls` those of its enabled pages."""

    portal: str
    name: str
    owner: str | None
    operator: str | None
    level: int | None
    critical: bool
    source: Source
    enabled: bool
    paused: bool
    tags: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """All of them, as a search looks through them."""
        return " ".join(self.urls)


@dataclass(frozen=True, slots=True)
class Moment:
    """A check that was kept: in which quarter of an hour (since 1970, UTC), what it said, how many seconds it
    took."""

    slot: int
    verdict: VerdictKind
    elapsed: float


@dataclass(frozen=True)
class OpenIncident:
    """An unresolved incident, the latest verdict that speaks of it, and the picture of it (a blob)."""

    view: IncidentView
    verdict: Verdict | None
    shot: str | None


@dataclass(frozen=True)
class OpenCampaign:
    """A campaign of which incidents are unresolved: how many, and how many nobody has taken."""

    campaign: Campaign
    unresolved: int
    waiting: int


_HAS_BASELINE = exists().where(approvals.c.page == pages.c.id, approvals.c.withdrawn_at.is_(None))
_PAGES = (
    select(
        pages.c.id,
        pages.c.url,
        portals.c.key,
        portals.c.name,
        portals.c.owner,
        portals.c.operator,
        portals.c.level,
        portals.c.critical,
        portals.c.paused,
        page_state.c.verdict,
        page_state.c.score,
        page_state.c.checked_at,
        page_state.c.captured_at,
        incidents.c.id,
        incidents.c.verdict,
        incidents.c.state,
        captures.c.screenshot,
        _HAS_BASELINE,
        portals.c.tags,
    )
    .join(portals, pages.c.portal == portals.c.key)
    .join(page_state, page_state.c.page == pages.c.id)
    .outerjoin(incidents, and_(incidents.c.page == pages.c.id, UNRESOLVED))
    .outerjoin(captures, and_(captures.c.id == page_state.c.capture, captures.c.expired_at.is_(None)))
    .where(pages.c.enabled, portals.c.enabled)
    .order_by(portals.c.key, pages.c.position)
)
_PORTALS = select(
    portals.c.key,
    portals.c.name,
    portals.c.owner,
    portals.c.operator,
    portals.c.level,
    portals.c.critical,
    portals.c.source,
    portals.c.enabled,
    portals.c.paused,
    portals.c.tags,
).order_by(portals.c.key)
_URLS = select(pages.c.portal, pages.c.url).where(pages.c.enabled).order_by(pages.c.portal, pages.c.position)
_VERDICTS: dict[str | None, VerdictKind | None] = {None: None} | {kind.value: kind for kind in VerdictKind}
_STATES: dict[str | None, State | None] = {None: None} | {state.value: state for state in State}


class Wall:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def pages(self, of: Collection[str] | None = None) -> list[WallPage]:
        """All enabled pages, or those `of` these portals, by portal and position."""
        query = _PAGES if of is None else _PAGES.where(portals.c.key.in_(of))
        return await self.engine.read(lambda db: _pages(db, query))

    async def portals(self) -> list[ListedPortal]:
        """All registered portals, disabled ones included, by key."""
        return await self.engine.read(_portals)

    async def days(self, page_ids: Sequence[str], since: datetime) -> dict[str, list[Moment]]:
        """The kept checks of pages since then, oldest first. Between two of them a page was as the earlier
        said: a check that says something else is always kept."""
        if not page_ids:
            return {}
        return await self.engine.read(lambda db: _days(db, page_ids, since))

    async def unresolved(self, *, drills: bool = False) -> dict[State, int]:
        """How many incidents wait, and how many somebody has: of `drills`, or of all others."""
        rehearsed = incidents.c.page.endswith(DRILL, autoescape=True)
        of_kind = rehearsed if drills else ~rehearsed
        query = select(incidents.c.state, func.count()).where(UNRESOLVED, of_kind).group_by(incidents.c.state)
        found = await self.engine.read(lambda db: db.execute(query).all())
        return {State(state): count for state, count in found}

    async def open_incidents(self, limit: int) -> list[OpenIncident]:
        """The unresolved incidents, attacks first; of them what nobody has taken, and the latest in front."""
        return await self.engine.read(lambda db: _open_incidents(db, limit))

    async def open_campaigns(self, limit: int) -> list[OpenCampaign]:
        """The campaigns with unresolved incidents, the latest first."""
        waiting = func.sum(cast(incidents.c.state == State.OPEN.value, Integer))
        counted = (
            select(campaign_members.c.campaign, func.count().label("unresolved"), waiting.label("waiting"))
            .join(incidents, incidents.c.id == campaign_members.c.incident)
            .where(UNRESOLVED)
            .group_by(campaign_members.c.campaign)
            .subquery()
        )
        query = (
            select(campaigns, counted.c.unresolved, counted.c.waiting)
            .join(counted, counted.c.campaign == campaigns.c.id)
            .order_by(campaigns.c.id.desc())
            .limit(limit)
        )
        found = await self.engine.read(lambda db: db.execute(query).all())
        return [OpenCampaign(campaign_of(row), row.unresolved, row.waiting) for row in found]


def _portals(db: Connection) -> list[ListedPortal]:
    theirs: dict[str, list[str]] = defaultdict(list)
    for portal, url in db.execute(_URLS):
        theirs[portal].append(url)
    return [
        ListedPortal(*row[:6], Source(row[6]), *row[7:9], tags_of(row[9]), tuple(theirs.get(row[0], ())))
        for row in db.execute(_PORTALS)
    ]


def _pages(db: Connection, query: Select[Any]) -> list[WallPage]:
    return [
        WallPage(  # type: ignore[call-arg]
            *row[:9],
            _VERDICTS[row[9]],
            *row[10:14],
            _VERDICTS[row[14]],
            _STATES[row[15]],
            row[16],
            row[17],
            tags_of(row[18]),
        )
        for row in db.execute(query)
    ]


def _days(db: Connection, page_ids: Sequence[str], since: datetime) -> dict[str, list[Moment]]:
    slot = cast(extract("epoch", checks.c.at), Integer) // _SECONDS
    query = (
        select(checks.c.page, slot, checks.c.verdict, checks.c.elapsed)
        .where(checks.c.page.in_(page_ids), checks.c.at >= since)
        .order_by(checks.c.page, checks.c.at, checks.c.id)
    )
    kinds = {kind.value: kind for kind in VerdictKind}
    found: dict[str, list[Moment]] = defaultdict(list)
    for page, number, verdict, elapsed in db.execute(query):
        found[page].append(Moment(number, kinds[verdict], elapsed))
    return found


def _open_incidents(db: Connection, limit: int) -> list[OpenIncident]:
    first = [VerdictKind.DEFACED, VerdictKind.CHANGED, VerdictKind.UNREACHABLE]
    found: list[IncidentView] = []
    for kind in first:
        if limit > len(found):
            some = views().where(UNRESOLVED, incidents.c.verdict == kind.value)
            rehearsed = incidents.c.page.endswith(DRILL, autoescape=True)
            taken = incidents.c.state != State.OPEN.value  # what waits comes first
            latest = some.order_by(rehearsed, taken, incidents.c.id.desc()).limit(limit - len(found))
            found += [view_of(row) for row in db.execute(latest)]
    numbers = [view.incident.id for view in found]
    # From the last one back: an incident that is open for long has tens of thousands.
    last = (
        select(checks.c.id)
        .where(checks.c.incident == incidents.c.id, checks.c.verdict.not_in(_SAYS_NOTHING))
        .order_by(checks.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    said = select(last).where(incidents.c.id.in_(numbers))
    verdicts = {
        row.incident: verdict_of(part(row, checks))
        for row in db.execute(select(checks).where(checks.c.id.in_(said)))
    }
    shown = [view.incident.capture for view in found if view.incident.capture is not None]
    pictures = select(captures.c.id, captures.c.screenshot).where(
        captures.c.id.in_(shown), captures.c.expired_at.is_(None)
    )
    shots: dict[str | None, str] = dict(db.execute(pictures).all())
    return [
        OpenIncident(view, verdicts.get(view.incident.id), shots.get(view.incident.capture)) for view in found
    ]
