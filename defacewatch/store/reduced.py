"""Telling that less is watched: written in the transaction of the act itself."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.engine import Connection

from defacewatch.alerts import AlertKind
from defacewatch.audit import Actor
from defacewatch.reducing import GATHER, Reduced, reduced
from defacewatch.store.alertschema import alerts
from defacewatch.store.moves import add_alert
from defacewatch.store.rows import OBJECT, alert_of, dumped, part


def tell_reduced(db: Connection, acts: Sequence[Reduced], actor: Actor, *, at: datetime) -> None:
    """Write the alert of `acts`, or add them to the one that still waits for more. Others who would add to it
    wait until this transaction ends."""
    if not acts:
        return
    waits = select(alerts).where(
        alerts.c.kind == AlertKind.WATCH_REDUCED.value,
        alerts.c.step == 0,
        alerts.c.at > at - GATHER,
        alerts.c.next_step_at > at,
    )
    row = db.execute(waits.order_by(alerts.c.id.desc()).limit(1).with_for_update()).one_or_none()
    if row is None:
        add_alert(db, reduced(acts, actor.who, actor.source), at=at, due=at + GATHER)
        return
    known = alert_of(part(row, alerts))
    draft = reduced(acts, actor.who, actor.source, before=known.facts)
    facts = dumped(OBJECT, dict(draft.facts))
    db.execute(update(alerts).where(alerts.c.id == known.id).values(facts=facts))
