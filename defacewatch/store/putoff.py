"""What the outbox has put off until a time of day, when the clock of the host was set back: it would wait for
that much longer, and its next steps again, which count from when it was raised."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, func, or_, select, update

from defacewatch.alerts import LEASE, DeliveryState
from defacewatch.store.alertschema import alerts, deliveries
from defacewatch.store.engine import Engine
from defacewatch.store.rows import Values
from defacewatch.store.schema import incident_events

_SENDING = DeliveryState.SENDING.value
_UNFINISHED = deliveries.c.state.in_([DeliveryState.PENDING.value, _SENDING])
_WITH_STEPS = alerts.c.next_step_at.is_not(None)
_AT_ONCE = 500  # numbers in one question


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
        """Let what is due later than `now` be due so much sooner; how many alerts and deliveries it was. What
        was written in a time to come was written so much sooner, with all that is compared with it. What is
        being sent keeps its lease, but for no longer than one of now."""
        return await self.engine.last(lambda db: _alerts(db, by, now) + _deliveries(db, by, now))


def _alerts(db: Connection, by: timedelta, now: datetime) -> int:
    rows = _later(db, alerts, alerts.c.next_step_at > now, alerts.c.at > now, alerts.c.reached > now)
    written: set[int] = set()  # the incidents of those that were written in a time to come
    for row in rows:
        values: Values = {"next_step_at": _moved(row.next_step_at, by)}
        if row.at > now or (row.reached is not None and row.reached > now):
            # steps count from both: they keep their distance
            values |= {"at": row.at - by, "reached": _moved(row.reached, by)}
            written |= set() if row.incident is None else {row.incident}
        db.execute(update(alerts).where(alerts.c.id == row.id).values(**values))
    _events(db, sorted(written), by, now)
    return len(rows)


def _events(db: Connection, incidents: Sequence[int], by: timedelta, now: datetime) -> None:
    """What was done about the incidents of these alerts: whether it was before or after them is asked for."""
    for start in range(0, len(incidents), _AT_ONCE):
        some = incident_events.c.incident.in_(incidents[start : start + _AT_ONCE])
        for row in _later(db, incident_events, incident_events.c.at > now, of=some):
            moved = update(incident_events).where(incident_events.c.id == row.id)
            db.execute(moved.values(at=row.at - by))


def _deliveries(db: Connection, by: timedelta, now: datetime) -> int:
    rows = _later(db, deliveries, deliveries.c.next_at > now, deliveries.c.created_at > now)
    for row in rows:
        values: Values = {}
        for name in ("created_at", "sent_at", "next_at"):
            moment = getattr(row, name)
            if moment is not None and moment > now:
                values[name] = moment - by
        if row.state == _SENDING:
            values["next_at"] = min(row.next_at, now + LEASE)
        db.execute(update(deliveries).where(deliveries.c.id == row.id).values(**values))
    return len(rows)


def _later(
    db: Connection, table: Table, *later: ColumnElement[bool], of: ColumnElement[bool] | None = None
) -> Sequence[Row[Any]]:
    """The rows of which something is to come, locked in the order in which everybody locks them."""
    query = select(table).where(or_(*later)).order_by(table.c.id).with_for_update()
    return db.execute(query if of is None else query.where(of)).all()


def _moved(moment: datetime | None, by: timedelta) -> datetime | None:
    return None if moment is None else moment - by
