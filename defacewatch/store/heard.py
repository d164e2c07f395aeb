"""Whether somebody has heard of an alert, or has taken it. Each runs inside a transaction of its caller."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, not_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from defacewatch.alerts import ESCALATES, TELL_AGAIN_AFTER, AlertKind, DeliveryState
from defacewatch.alerts import is_unheard as unheard
from defacewatch.incidents import Event, State
from defacewatch.store.alertschema import alerts, deliveries
from defacewatch.store.schema import incident_events, incidents

_OVER = ((AlertKind.BLIND, AlertKind.SIGHTED), (AlertKind.BEHIND, AlertKind.CAUGHT_UP))


def is_taken() -> ColumnElement[bool]:
    """An alert that was told once, and whose incident somebody has taken, or had taken after it before the
    incident was open again; or one of the watch itself, which is well again."""
    answered = select(incidents.c.id).where(
        incidents.c.id == alerts.c.incident, incidents.c.state != State.OPEN.value
    )
    done = incident_events.c
    had = select(done.id).where(
        done.incident == alerts.c.incident,
        done.event == Event.ACKNOWLEDGED.value,
        done.at > alerts.c.at,
    )
    later = alerts.alias()
    over = [
        and_(
            alerts.c.kind == ill.value,
            exists().where(later.c.kind == well.value, later.c.id > alerts.c.id),
        )
        for ill, well in _OVER
    ]
    return and_(alerts.c.step > 0, or_(answered.exists(), had.exists(), *over))


async def taken(db: AsyncConnection, alert: int) -> bool:
    """Whether this alert is taken."""
    return await db.scalar(select(alerts.c.id).where(alerts.c.id == alert, is_taken())) is not None


async def is_unheard(db: AsyncConnection, alert: int) -> bool:
    """Whether something was given up, and no officer was or still may be reached."""
    query = select(deliveries.c.officer, deliveries.c.state).where(deliveries.c.alert == alert)
    return unheard((officer, DeliveryState(state)) for officer, state in await db.execute(query))


async def come_back_unheard(db: AsyncConnection, alert: int, now: datetime) -> None:
    """Make an alert that escalates due again, unless it is due sooner or taken, if nobody has heard of it."""
    if not await is_unheard(db, alert):
        return
    again = now + TELL_AGAIN_AFTER
    later = or_(alerts.c.next_step_at.is_(None), alerts.c.next_step_at > again)
    escalates = and_(alerts.c.kind.in_([kind.value for kind in ESCALATES]), alerts.c.officer.is_(None))
    await db.execute(
        update(alerts)
        .where(alerts.c.id == alert, escalates, later, not_(is_taken()))
        .values(next_step_at=again)
    )
