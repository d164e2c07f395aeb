"""What happened in a period, for the figures of the duty desk; what has just been done about incidents."""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.engine import Connection, RowMapping

from defacewatch.alerts import AlertKind, DeliveryState
from defacewatch.figures import (
    INTERRUPTIONS,
    ChannelUse,
    Happened,
    Interruption,
    Period,
    Story,
    calmed_at,
    interruptions,
)
from defacewatch.incidents import Event, Resolution, State
from defacewatch.portals import DRILL
from defacewatch.store.alertschema import alerts, deliveries
from defacewatch.store.engine import Engine
from defacewatch.store.handovers import between
from defacewatch.store.maskschema import masks
from defacewatch.store.mutes import holds
from defacewatch.store.schema import incident_events, incidents, mutes, pages, portals
from defacewatch.verdicts import VerdictKind

OVERLAP = 100  # events that are read again: on PostgreSQL a lower number may be committed later
BATCH = 5000

_TELLING = [kind.value for kind in (AlertKind.DEFACED, AlertKind.CHANGED, AlertKind.UNREACHABLE)]
_UNRESOLVED = [State.OPEN.value, State.ACKNOWLEDGED.value]
_UP_AND_DOWN = [e.value for e in (Event.CALMED, Event.RETURNED, Event.CHANGED_AGAIN, Event.WORSENED)]
_DONE = [event.value for event in (Event.ACKNOWLEDGED, Event.RESOLVED)]
_WAITING = (DeliveryState.PENDING, DeliveryState.SENDING)


@dataclass(frozen=True)
class Done:
    """An incident was acknowledged or resolved: the event's number, and the incident as it is now."""

    number: int
    event: Event
    story: Story


class Duty:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def happened(self, period: Period) -> Happened:
        """All that is known of a period; one look at the store, in time that does not grow with its age."""
        return await self.engine.read(lambda db: _happened(db, period))

    async def left_out(self, now: datetime) -> int:
        """How many pages have something that is told of no more: a difference that was called a false alarm,
        or a mask."""
        masked = select(masks.c.page).where(masks.c.ended_at.is_(None), masks.c.expires > now)
        every = select(mutes.c.page).where(holds(now)).union(masked).subquery()
        return await self.engine.read(lambda db: db.scalar(select(func.count()).select_from(every))) or 0

    async def newest(self) -> int:
        """The number of the latest event of all incidents; 0 before the first."""
        query = select(func.max(incident_events.c.id))
        return await self.engine.read(lambda db: db.scalar(query)) or 0

    async def done_since(self, number: int, known: Collection[int] = ()) -> list[Done]:
        """What was done, in order, since the event of this number, and shortly before it unless `known`."""
        return await self.engine.read(lambda db: _done_since(db, number, frozenset(known)))


def _happened(db: Connection, period: Period) -> Happened:
    return Happened(
        _stories(db, period),
        _channels(db, period),
        _interruptions(db, period),
        between(db, period.start, period.end),
        _pages(db),
    )


def _touching(period: Period) -> ColumnElement[bool]:
    """Incidents that were unresolved at some time of the period."""
    still = or_(incidents.c.state.in_(_UNRESOLVED), incidents.c.resolved_at >= period.start)
    return and_(incidents.c.opened_at < period.end, still)


def _incidents() -> Select[Any]:
    """Not the differences of an incident: they may be large."""
    own = (c for c in incidents.c if c.name not in ("differences", "capture"))
    return (
        select(*own, pages.c.portal, pages.c.url, portals.c.name)
        .join(pages, incidents.c.page == pages.c.id)
        .join(portals, pages.c.portal == portals.c.key)
    )


def _story(row: RowMapping) -> Story:
    return Story(
        row["id"],
        row["page"],
        row["portal"],
        row["name"],
        row["url"],
        VerdictKind(row["verdict"]),
        row["opened_at"],
        row["alerted_at"],
        row["acknowledged_by"],
        row["acknowledged_at"],
        State(row["state"]),
        row["resolved_at"],
        Resolution(row["resolved_as"]) if row["resolved_as"] else None,
        attacked_at=row["attacked_at"],
    )


def _stories(db: Connection, period: Period) -> list[Story]:
    chosen = select(incidents.c.id).where(_touching(period))
    told = _told(db, alerts.c.incident.in_(chosen))
    later = (
        _telling(alerts.c.incident.in_(chosen))
        .add_columns(func.min(deliveries.c.created_at))
        .where(deliveries.c.step > 0)
    )
    escalated: dict[int | None, datetime] = {
        row[0]: row[1] for row in db.execute(later.group_by(alerts.c.incident))
    }

    calm = _calm(db, incident_events.c.incident.in_(chosen))
    rows = db.execute(_incidents().where(_touching(period))).mappings()
    return [
        replace(
            story,
            told=told.get(story.incident, {}),
            escalated_at=escalated.get(story.incident),
            calmed_at=calm.get(story.incident),
        )
        for story in sorted(map(_story, rows), key=lambda story: story.incident)
    ]


def _telling(of_incidents: ColumnElement[bool]) -> Select[Any]:
    """The deliveries that tell of incidents, and not of what was done about them."""
    joined = select(alerts.c.incident).join(deliveries, deliveries.c.alert == alerts.c.id)
    return joined.where(of_incidents, alerts.c.kind.in_(_TELLING))


def _told(db: Connection, of_incidents: ColumnElement[bool]) -> Mapping[int, dict[str, datetime]]:
    """Who was told of incidents, with the first receipt of each."""
    told: defaultdict[int, dict[str, datetime]] = defaultdict(dict)
    first = (
        _telling(of_incidents)
        .add_columns(deliveries.c.officer, func.min(deliveries.c.sent_at))
        .where(deliveries.c.state == DeliveryState.SENT.value, deliveries.c.officer != "")
    )
    for incident, officer, at in db.execute(first.group_by(alerts.c.incident, deliveries.c.officer)):
        told[incident][officer] = at
    return told


def _calm(db: Connection, of_incidents: ColumnElement[bool]) -> dict[int, datetime | None]:
    """Since when the pages of incidents look as approved again."""
    columns = incident_events.c
    moves: defaultdict[int, list[tuple[Event, datetime]]] = defaultdict(list)
    query = select(columns.incident, columns.event, columns.at).where(
        of_incidents, columns.event.in_(_UP_AND_DOWN)
    )
    for incident, event, at in db.execute(query.order_by(columns.id)):
        moves[incident].append((Event(event), at))
    return {incident: calmed_at(events) for incident, events in moves.items()}


def _channels(db: Connection, period: Period) -> list[ChannelUse]:
    """Of all alerts of the period but those of drills."""
    real = or_(alerts.c.page.is_(None), alerts.c.page.not_like(f"%{DRILL}"))
    query = (
        select(deliveries.c.channel, deliveries.c.state, func.count(), func.sum(deliveries.c.attempts))
        .join(alerts, deliveries.c.alert == alerts.c.id)
        .where(alerts.c.at >= period.start, alerts.c.at < period.end, real)
        .group_by(deliveries.c.channel, deliveries.c.state)
    )
    counts: defaultdict[str, Counter[DeliveryState]] = defaultdict(Counter)
    attempts: Counter[str] = Counter()
    for channel, state, count, tried in db.execute(query):
        counts[channel][DeliveryState(state)] = count
        attempts[channel] += tried or 0
    return [
        ChannelUse(
            channel,
            count[DeliveryState.SENT],
            count[DeliveryState.FAILED],
            sum(count[state] for state in _WAITING),
            attempts[channel],
        )
        for channel, count in counts.items()
    ]


def _interruptions(db: Connection, period: Period) -> list[Interruption]:
    query = select(alerts.c.kind, alerts.c.facts, alerts.c.at).where(
        alerts.c.kind.in_(sorted(kind.value for kind in INTERRUPTIONS)), alerts.c.at < period.end
    )
    told = [
        (AlertKind(kind), str(json.loads(facts).get("channel", "")), at)
        for kind, facts, at in db.execute(query.order_by(alerts.c.id))
    ]
    return interruptions(told, period)


def _pages(db: Connection) -> dict[str, int]:
    """How many pages of each portal are watched."""
    query = (
        select(pages.c.portal, func.count())
        .join(portals, pages.c.portal == portals.c.key)
        .where(pages.c.enabled, portals.c.enabled, pages.c.id.not_like(f"%{DRILL}"))
        .group_by(pages.c.portal)
    )
    return {row[0]: row[1] for row in db.execute(query)}


def _done_since(db: Connection, number: int, known: frozenset[int]) -> list[Done]:
    columns = incident_events.c
    query = (
        select(columns.id, columns.incident, columns.event)
        .where(columns.id > number - OVERLAP, columns.event.in_(_DONE))
        .order_by(columns.id)
        .limit(BATCH)
    )
    fresh = [row for row in db.execute(query).all() if row.id not in known]
    wanted = {row.incident for row in fresh}
    if not wanted:
        return []
    rows = db.execute(_incidents().where(incidents.c.id.in_(wanted))).mappings()
    calm = _calm(db, incident_events.c.incident.in_(wanted))
    told = _told(db, alerts.c.incident.in_(wanted))
    stories = {
        story.incident: replace(story, calmed_at=calm.get(story.incident), told=told.get(story.incident, {}))
        for story in map(_story, rows)
    }
    return [Done(row.id, Event(row.event), stories[row.incident]) for row in fresh]
