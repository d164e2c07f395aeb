"""Test alerts that somebody sends, to see whether the channels work."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.engine import Connection

from defacewatch.alerts import Alert, AlertKind, Delivery, DeliveryState, Draft
from defacewatch.audit import Act, Actor
from defacewatch.errors import Conflict
from defacewatch.language import N_
from defacewatch.portals import Urgency
from defacewatch.store.alertschema import alerts, deliveries
from defacewatch.store.audit import note
from defacewatch.store.engine import Engine
from defacewatch.store.moves import add_alert
from defacewatch.store.rows import alert_of, delivery_of, part

PAUSE = timedelta(minutes=1)  # between two tests of an officer that somebody asks for
ASKING = 13  # the number of our advisory lock
_OF_TESTS = alerts.c.kind == AlertKind.TEST.value


@dataclass(frozen=True)
class Trial:
    """Test alerts that were sent together, one an officer, and what became of them."""

    at: datetime
    alerts: tuple[Alert, ...]
    deliveries: tuple[Delivery, ...]

    @property
    def waiting(self) -> bool:
        """Whether something is on its way."""
        unsent = (DeliveryState.PENDING, DeliveryState.SENDING)
        return any(alert.step == 0 for alert in self.alerts) or any(
            delivery.state in unsent and delivery.error is None for delivery in self.deliveries
        )

    @property
    def passed(self) -> bool:
        """Whether every message was delivered, and every officer reached."""
        reached = {delivery.alert for delivery in self.deliveries}
        return all(delivery.state is DeliveryState.SENT for delivery in self.deliveries) and reached == {
            alert.id for alert in self.alerts
        }

    @property
    def unreached(self) -> tuple[str, ...]:
        """The officers whom no channel reaches."""
        reached = {delivery.alert for delivery in self.deliveries}
        left = (alert for alert in self.alerts if alert.step > 0 and alert.id not in reached)
        return tuple(alert.officer or "" for alert in left)


class Trials:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def send(self, officers: Collection[str], *, by: str, via: str, now: datetime) -> list[int]:
        """A test alert for each of these officers, on every channel that they have; the alerts' ids. Raises
        Conflict where one of them was sent a test within `PAUSE`."""

        def work(db: Connection) -> list[int]:
            refuse_again(db, officers, now=now)
            drafts = (Draft(AlertKind.TEST, Urgency.HIGH, officer=officer) for officer in officers)
            made = [add_alert(db, draft, at=now) for draft in drafts]
            after = {"officers": sorted(officers)}
            note(db, self.engine.audit_key, Actor(by, via), Act.TEST_SENT, at=now, of="alerts", after=after)
            return made

        async with self.engine.lasting() as db:
            await self.engine.exclusive(db, ASKING)
            return await db.run_sync(work)

    async def last(self) -> Trial | None:
        """Those that were sent last."""
        return await self.engine.read(_last)

    async def ever(self) -> bool:
        """Whether any message was ever delivered (as far as they are kept): then channels work."""
        query = select(deliveries.c.id).where(deliveries.c.state == DeliveryState.SENT.value).limit(1)
        return await self.engine.read(lambda db: db.scalar(query)) is not None


def refuse_again(db: Connection, officers: Collection[str], *, now: datetime) -> None:
    """Raises Conflict where one of these officers was sent a test within `PAUSE`. Whoever asks holds
    `ASKING`, so that no two do at once."""
    theirs = select(alerts.c.officer).where(_OF_TESTS, alerts.c.officer.in_(list(officers)))
    officer = db.scalar(theirs.where(alerts.c.at > now - PAUSE).limit(1))
    if officer is not None:
        raise Conflict(N_("{officer} was sent a test less than a minute ago"), officer=officer)


def _last(db: Connection) -> Trial | None:
    at = db.scalar(select(alerts.c.at).where(_OF_TESTS).order_by(alerts.c.id.desc()).limit(1))
    if at is None:
        return None
    query = select(alerts).where(_OF_TESTS, alerts.c.at == at).order_by(alerts.c.id)
    found = tuple(alert_of(part(row, alerts)) for row in db.execute(query))
    told = select(deliveries).where(deliveries.c.alert.in_([alert.id for alert in found]))
    rows = db.execute(told.order_by(deliveries.c.id))
    return Trial(at, found, tuple(delivery_of(part(row, deliveries)) for row in rows))
