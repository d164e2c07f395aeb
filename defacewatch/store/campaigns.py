"""Campaigns: which incidents belong together, found in the transaction that opens them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, delete, func, insert, or_, select, tuple_
from sqlalchemy.engine import Connection

from defacewatch import campaigns as rules
from defacewatch.campaigns import LONGEST, SKETCHES, Campaign, Known, Mark, Trait
from defacewatch.errors import NotFound
from defacewatch.store.columns import cleaned
from defacewatch.store.engine import LOCK_SPACE, Engine
from defacewatch.store.incidents import IncidentView, view_of, views
from defacewatch.store.schema import incidents
from defacewatch.store.stormschema import campaign_members, campaigns, incident_marks

_JOINING = 8  # the number of our advisory lock
COMPARED = 2000  # earlier traits that one incident is compared with


class Campaigns:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def get(self, campaign: int) -> Campaign:
        """One campaign. Raises NotFound."""
        query = select(campaigns).where(campaigns.c.id == campaign)
        row = await self.engine.read(lambda db: db.execute(query).one_or_none())
        if row is None:
            raise NotFound(f"there is no campaign {campaign}")
        return campaign_of(row)

    async def last(self, count: int, *, before: int | None = None) -> list[Campaign]:
        """The latest campaigns, newest first, older ones than `before`."""
        query = select(campaigns).order_by(campaigns.c.id.desc()).limit(count)
        if before is not None:
            query = query.where(campaigns.c.id < before)
        rows = await self.engine.read(lambda db: db.execute(query).all())
        return [campaign_of(row) for row in rows]

    async def of_incident(self, incident: int) -> Campaign | None:
        """The campaign that an incident is in."""
        query = select(campaigns).join(campaign_members, campaign_members.c.campaign == campaigns.c.id)
        of_it = query.where(campaign_members.c.incident == incident)
        row = await self.engine.read(lambda db: db.execute(of_it).one_or_none())
        return None if row is None else campaign_of(row)

    async def members(self, campaign: int) -> list[IncidentView]:
        """The incidents of a campaign, newest first."""
        of_it = views().where(campaign_members.c.campaign == campaign).order_by(incidents.c.id.desc())
        rows = await self.engine.read(lambda db: db.execute(of_it).all())
        return [view_of(row) for row in rows]


def campaign_of(row: Row[Any]) -> Campaign:
    return Campaign(row.id, row.opened_at, Mark(Trait(row.trait), row.value), row.outage)


def join(db: Connection, incident: int, marks: Iterable[Mark], *, outage: bool, at: datetime) -> int | None:
    """Keep an incident's traits, and find the campaign that it belongs to, or that it makes together with
    earlier ones; its id. An incident that was in another one, since it was an outage, moves. Runs in the
    transaction that opens the incident, one at a time, so that two that open together see one another."""
    if db.dialect.name == "postgresql":
        db.execute(select(func.pg_advisory_xact_lock(LOCK_SPACE, _JOINING)))
    told = tuple({Mark(mark.trait, cleaned(mark.value)) for mark in marks})
    db.execute(delete(incident_marks).where(_is_of(incident, at)))
    found = rules.joined(told, _known(db, told, outage=outage, at=at), at)
    if told:
        mine = {"incident": incident, "outage": outage, "at": at}
        db.execute(insert(incident_marks), [{**mine, "trait": m.trait.value, "value": m.value} for m in told])
    db.execute(delete(campaign_members).where(campaign_members.c.incident == incident))
    if found is None:
        return None
    campaign = found.campaign
    if campaign is None:
        fresh = insert(campaigns).values(
            opened_at=at, trait=found.because.trait.value, value=found.because.value, outage=outage
        )
        campaign = int(db.execute(fresh.returning(campaigns.c.id)).scalar_one())
    joining = [{"incident": one, "campaign": campaign, "at": at} for one in (*found.incidents, incident)]
    db.execute(insert(campaign_members), joining)
    return campaign


def _is_of(incident: int, at: datetime) -> Any:
    """Traits of this incident, and those that nothing is compared with any more."""
    return or_(incident_marks.c.incident == incident, incident_marks.c.at < at - LONGEST)


def _known(db: Connection, marks: Sequence[Mark], *, outage: bool, at: datetime) -> list[Known]:
    """Earlier traits that may be the same as these, the latest first."""
    exact = [(m.trait.value, m.value) for m in marks if m.trait not in SKETCHES]
    sketched = [m.trait.value for m in marks if m.trait in SKETCHES]
    query = (
        select(incident_marks, campaign_members.c.campaign)
        .outerjoin(campaign_members, campaign_members.c.incident == incident_marks.c.incident)
        .where(
            or_(
                tuple_(incident_marks.c.trait, incident_marks.c.value).in_(exact),
                incident_marks.c.trait.in_(sketched),
            ),
            and_(incident_marks.c.outage == outage, incident_marks.c.at >= at - LONGEST),
        )
        .order_by(incident_marks.c.at.desc())
        .limit(COMPARED)
    )
    return [
        Known(row.incident, row.at, Mark(Trait(row.trait), row.value), row.campaign)
        for row in db.execute(query)
    ]
