"""What the outbox has put off until a time of day, when the clock of the host was set back: it would wait for
that much longer, and its next steps again, which count from when it was raised."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Table, func, or_, select, update

from defacewatch.alerts import LEASE, DeliveryState
from defacewatch.store.alertschema import alerts, deliveries
from defacewatch.store.engine import Engine
from defacewatch.store.rows import Values

_PENDING = deliveries.c.state == DeliveryState.PENDING.value
_SENDING = deliveries.c.state == DeliveryState.SENDING.value
_UNFINISHED = or_(_PENDING, _SENDING)
_WITH_STEPS = alerts.c.next_step_at.is_not(None)


class PutOff:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def newest(self) -> datetime | None:
        """When the latest of what is unfinished was written, by the clock as it was then."""
        alert = select(func.max(alerts.c.at)).where(_WITH_STEPS)
        delivery = select(func.max(deliveries.c.created_at)).where(_UNFINISHED)
        found = await self.engine.read(lambda db: (db.scalar(alert), db.scalar(delivery)))
        return max((moment for moment in found if moment is not None), default=None)

    async def bring_forward(self, by: timedelta, *, now: datetime) -> int:
        """Let what is unfinished and due later than `now` be due so much sooner, and have been written so
        much sooner where that is to come; how many alerts and deliveries it was. What is being sent keeps its
        lease, but for no longer than one of now."""
        return await self.engine.last(lambda db: _alerts(db, by, now) + _deliveries(db, by, now))


def _alerts(db: Connection, by: timedelta, now: datetime) -> int:
    columns = ("at", "reached", "next_step_at")
    later = or_(alerts.c.next_step_at > now, alerts.c.at > now)
    waiting = select(deliveries.c.id).where(deliveries.c.alert == alerts.c.id, _UNFINISHED).exists()
    rows = db.execute(select(alerts).where(later, or_(_WITH_STEPS, waiting)).with_for_update(of=alerts)).all()
    for row in rows:
        _write(db, alerts, row, {name: _sooner(getattr(row, name), by, now) for name in columns})
    return len(rows)


def _deliveries(db: Connection, by: timedelta, now: datetime) -> int:
    later = or_(deliveries.c.next_at > now, deliveries.c.created_at > now)
    rows = db.execute(select(deliveries).where(later, _UNFINISHED).with_for_update()).all()
    for row in rows:
        leased = row.state == DeliveryState.SENDING.value
        due = min(row.next_at, now + LEASE) if leased else _sooner(row.next_at, by, now)
        _write(db, deliveries, row, {"next_at": due, "created_at": _sooner(row.created_at, by, now)})
    return len(rows)


def _sooner(moment: datetime | None, by: timedelta, now: datetime) -> datetime | None:
    """A moment to come as the clock has it now; one that has passed stays."""
    return moment if moment is None or moment <= now else moment - by


def _write(db: Connection, table: Table, row: Row[Any], values: Values) -> None:
    db.execute(update(table).where(table.c.id == row.id).values(**values))
