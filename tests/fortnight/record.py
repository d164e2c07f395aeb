"""What is left of a run to be audited: the rows of the store, and what the servers outside received."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select

from defacewatch.alerts import Alert, Delivery, DeliveryState
from defacewatch.incidents import Incident, State
from defacewatch.roster import Roster
from defacewatch.store import Store
from defacewatch.store.alertschema import alerts, deliveries
from defacewatch.store.incidents import TimelineEntry
from defacewatch.store.rows import alert_of, part
from tests.fortnight.officers import Done
from tests.fortnight.outside import Received
from tests.fortnight.scenario import Period, Scenario, Story

EVERY = 100_000  # incidents
_UNFINISHED = (DeliveryState.PENDING.value, DeliveryState.SENDING.value)


@dataclass(frozen=True)
class Kill:
    """A kill of the daemon `life`; the next one began at `until`. `sending` are the deliveries that were on
    their way (or about to be noted as sent). `trapped` says that a message was kept for it."""

    at: datetime
    until: datetime
    life: int
    trapped: bool
    sending: tuple[Delivery, ...]


@dataclass(frozen=True)
class Record:
    """Everything that the audit reads. `pages` names the page of each story; `down` when each channel was."""

    begins: datetime
    ended: datetime
    stories: Sequence[Story]
    pages: Mapping[int, str]
    roster: Roster
    down: Mapping[str, Period]
    kills: Sequence[Kill]
    received: Sequence[Received]
    incidents: Sequence[Incident]
    page_of: Mapping[int, str]
    timelines: Mapping[int, Sequence[TimelineEntry]]
    alerts: Sequence[Alert]
    deliveries: Sequence[Delivery]
    done: Sequence[Done] = ()


async def remains(store: Store) -> tuple[Delivery, ...]:
    """The deliveries that are being sent, as the store has it."""
    there = await store.alerts.deliveries()
    return tuple(delivery for delivery in there if delivery.state is DeliveryState.SENDING)


async def unfinished(store: Store) -> bool:
    """Whether a step or a delivery is still to come."""

    steps = select(alerts.c.id).where(alerts.c.next_step_at.is_not(None)).limit(1)
    sends = select(deliveries.c.id).where(or_(*(deliveries.c.state == state for state in _UNFINISHED)))
    return await store.engine.read(
        lambda db: db.scalar(steps) is not None or db.scalar(sends.limit(1)) is not None
    )


async def taken_down(
    store: Store,
    plan: Scenario,
    roster: Roster,
    *,
    pages: Mapping[int, str],
    received: Sequence[Received],
    kills: Sequence[Kill],
    done: Sequence[Done],
    ended: datetime,
) -> Record:
    """The record of a run that has ended."""
    views = await store.incidents.list(states=list(State), limit=EVERY)
    views = sorted(views, key=lambda view: view.incident.id)
    rows = await store.engine.read(lambda db: db.execute(select(alerts).order_by(alerts.c.id)).all())
    return Record(
        plan.begins,
        ended,
        plan.stories,
        pages,
        roster,
        {"telegram": plan.telegram_down, "email": plan.smtp_down},
        tuple(kills),
        tuple(received),
        [view.incident for view in views],
        {view.incident.id: view.page.id for view in views},
        {view.incident.id: await store.incidents.timeline(view.incident.id) for view in views},
        [alert_of(part(row, alerts)) for row in rows],
        await store.alerts.deliveries(),
        tuple(done),
    )
