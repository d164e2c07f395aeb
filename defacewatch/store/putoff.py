"""What the outbox has put off until a time of day, when the clock of the host was set back: it would wait for
that much longer."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Table, and_, func, select, update

from defacewatch.alerts import DeliveryState
from defacewatch.store.alertschema import alerts, deliveries
from defacewatch.store.engine import Engine

_STEPS = alerts.c.next_step_at
_ATTEMPTS = deliveries.c.next_at
_UNFINISHED = deliveries.c.state.in_([DeliveryState.PENDING.value, DeliveryState.SENDING.value])


class PutOff:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def newest(self) -> datetime | None:
        """When the latest of what is unfinished was written, by the clock as it was then."""
        alert = select(func.max(alerts.c.at)).where(_STEPS.is_not(None))
        delivery = select(func.max(deliveries.c.created_at)).where(_ATTEMPTS.is_not(None), _UNFINISHED)
        found = await self.engine.read(lambda db: (db.scalar(alert), db.scalar(delivery)))
        return max((moment for moment in found if moment is not None), default=None)

    async def bring_forward(self, by: timedelta, *, now: datetime) -> int:
        """Let what is due later than `now` be due so much sooner; how many alerts and deliveries it was."""
        return await self.engine.last(
            lambda db: (
                _sooner(db, alerts, _STEPS, _STEPS.is_not(None), by, now)
                + _sooner(db, deliveries, _ATTEMPTS, _UNFINISHED, by, now)
            )
        )


def _sooner(
    db: Connection,
    table: Table,
    due: ColumnElement[datetime | None],
    unfinished: ColumnElement[bool],
    by: timedelta,
    now: datetime,
) -> int:
    later = select(table.c.id, due).where(due > now, unfinished).with_for_update()
    rows = db.execute(later).all()
    for number, at in rows:
        one = update(table).where(and_(table.c.id == number, due == at))
        db.execute(one.values({due.name: max(now, at - by)}))
    return len(rows)
