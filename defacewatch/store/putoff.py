"""What the outbox has put off until a time of day, when the clock of the host was set back: it would wait for
that much longer. What was written stays as it was written."""

from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from defacewatch.alerts import LEASE, DeliveryState
from defacewatch.store.alertschema import UNFINISHED, alerts, deliveries
from defacewatch.store.engine import Engine
from defacewatch.store.schema import meta

_KEY = "set-back"  # up to which moment, by the clock as it was, what is due was brought forward
_SENDING = DeliveryState.SENDING.value
_WITH_STEPS = alerts.c.next_step_at.is_not(None)


class PutOff:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def newest(self) -> datetime | None:
        """When the latest of what is unfinished was written, by the clock as it was then; None where nothing
        is, or what is due since then was brought forward before."""
        return await self.engine.read(_newest)

    async def until(self) -> datetime | None:
        """The latest moment from which the clock was set back: until then it says times once more."""
        return await self.engine.read(_until)

    async def bring_forward(self, since: datetime, *, now: datetime) -> int:
        """The clock was set back from `since` to `now`: let what is due later than now be due so much sooner;
        how many alerts and deliveries it was. What is being sent keeps its lease, but for no longer than one
        of now."""
        return await self.engine.last(lambda db: _brought_forward(db, since, now))


def _newest(db: Connection) -> datetime | None:
    alert = select(func.max(alerts.c.at)).where(_WITH_STEPS)
    delivery = select(func.max(deliveries.c.created_at)).where(UNFINISHED)
    found = [moment for moment in (db.scalar(alert), db.scalar(delivery)) if moment is not None]
    done, newest = _until(db), max(found, default=None)
    return None if newest is None or (done is not None and newest <= done) else newest


def _until(db: Connection) -> datetime | None:
    value = db.scalar(select(meta.c.value).where(meta.c.key == _KEY))
    return None if value is None else datetime.fromisoformat(value)


def _brought_forward(db: Connection, since: datetime, now: datetime) -> int:
    by = since - now
    steps = select(alerts.c.id, alerts.c.next_step_at).where(alerts.c.next_step_at > now)
    rows = db.execute(steps.order_by(alerts.c.id).with_for_update()).all()
    for number, at in rows:
        sooner = max(now, at - by)
        db.execute(update(alerts).where(alerts.c.id == number).values(next_step_at=sooner))
    attempts = select(deliveries.c.id, deliveries.c.next_at, deliveries.c.state)
    waiting = attempts.where(deliveries.c.next_at > now, UNFINISHED).order_by(deliveries.c.id)
    sends = db.execute(waiting.with_for_update()).all()
    for number, at, state in sends:
        due = min(at, now + LEASE) if state == _SENDING else max(now, at - by)
        db.execute(update(deliveries).where(deliveries.c.id == number).values(next_at=due))
    before = _until(db)
    if before is None:
        db.execute(insert(meta).values(key=_KEY, value=since.isoformat()))
    elif before < since:
        db.execute(update(meta).where(meta.c.key == _KEY).values(value=since.isoformat()))
    return len(rows) + len(sends)
