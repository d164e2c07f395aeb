"""What a message that carries several deliveries tells of."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.engine import Connection

from defacewatch.alerts import KIND_OF_VERDICT, Alert, AlertKind, DeliveryState
from defacewatch.errors import NotFound
from defacewatch.gathering import LINES, Entry
from defacewatch.incidents import State
from defacewatch.store.alertschema import alerts, deliveries
from defacewatch.store.incidents import IncidentView, view_of, views
from defacewatch.store.rows import OBJECT, alert_of, page_of, part, portal_of, verdict_of
from defacewatch.store.schema import checks, incidents, pages, portals
from defacewatch.store.stormschema import campaign_members, messages

CLIMBING = 20  # alerts among which the next to go on is looked for

_WORST = tuple(KIND_OF_VERDICT)
_Said = tuple[AlertKind, Mapping[str, object]]


def carried(db: Connection, message: int) -> tuple[Entry, ...]:
    """All of its campaign, or what its deliveries are about, what matters most first; then what is about no
    incident. Raises NotFound."""
    said = _said(db, message)
    views_ = [view_of(row) for row in db.execute(views().where(_told_of(db, message, said)))]
    views_.sort(key=lambda view: _matters(view, view.incident.id in said))
    shown = [view.incident.id for view in views_[:LINES]]
    told = select(alerts.c.incident, checks).join(checks, alerts.c.check == checks.c.id)
    seen = db.execute(told.where(alerts.c.incident.in_(shown)).order_by(alerts.c.id))
    verdicts = {row[0]: verdict_of(part(row, checks)) for row in seen}
    without = (
        select(pages, portals)
        .join(portals, pages.c.portal == portals.c.key)
        .join(alerts, alerts.c.page == pages.c.id)
        .join(deliveries, deliveries.c.alert == alerts.c.id)
        .where(deliveries.c.message == message, alerts.c.incident.is_(None))
    )
    return (
        *(
            Entry(
                view.page,
                view.portal,
                view.incident,
                verdicts.get(view.incident.id),
                view.incident.id in said,
                frozenset(kind for kind, _ in said.get(view.incident.id, ())),
                tuple(facts for _, facts in said.get(view.incident.id, ())),
            )
            for view in views_
        ),
        *(
            Entry(page_of(part(row, pages)), portal_of(part(row, portals)), fresh=True)
            for row in db.execute(without)
        ),
    )


def climbing(db: Connection, message: int) -> list[Alert]:
    """The alerts of what a message tells of that go on unless somebody takes it, the first to do so first.
    Raises NotFound."""
    about = _told_of(db, message, ())
    waiting = select(incidents.c.id).where(about, incidents.c.state == State.OPEN.value)
    query = select(alerts).where(
        alerts.c.incident.in_(waiting), alerts.c.step > 0, alerts.c.next_step_at.is_not(None)
    )
    first = query.order_by(alerts.c.next_step_at, alerts.c.id).limit(CLIMBING)
    return [alert_of(part(row, alerts)) for row in db.execute(first)]


def _said(db: Connection, message: int) -> dict[int, list[_Said]]:
    """What the message tells anew, by incident: the alerts that are on the way, those about several incidents
    for each of them."""
    going = (
        select(alerts.c.kind, alerts.c.incident, alerts.c.facts)
        .join(deliveries, deliveries.c.alert == alerts.c.id)
        .where(deliveries.c.message == message, deliveries.c.state == DeliveryState.SENDING.value)
        .where(alerts.c.incident.is_not(None))
    )
    said: defaultdict[int, list[_Said]] = defaultdict(list)
    for kind, incident, words in db.execute(going.order_by(deliveries.c.id)):
        facts = OBJECT.validate_json(words)
        several = facts.get("incidents")
        for number in {incident, *(several if isinstance(several, list) else ())}:
            said[number].append((AlertKind(kind), facts))
    return dict(said)


def _told_of(db: Connection, message: int, said: Collection[int]) -> ColumnElement[bool]:
    """The incidents that a message is about; a digest is about all that its alerts name. Raises NotFound."""
    row = db.execute(select(messages).where(messages.c.id == message)).one_or_none()
    if row is None:
        raise NotFound(f"there is no message {message}")
    mine = select(alerts.c.incident).join(deliveries, deliveries.c.alert == alerts.c.id)
    carrying = incidents.c.id.in_(mine.where(deliveries.c.message == message))
    if row.campaign is None:
        return or_(carrying, incidents.c.id.in_(list(said)))
    member = select(campaign_members.c.incident)
    return or_(carrying, incidents.c.id.in_(member.where(campaign_members.c.campaign == row.campaign)))


def _matters(view: IncidentView, fresh: bool) -> tuple[bool, int, bool, bool, int]:
    """What is named first: what nobody has, then the worst, critical portals, what is new."""
    incident = view.incident
    worst = _WORST.index(incident.verdict) if incident.verdict in _WORST else len(_WORST)
    return (incident.state is not State.OPEN, worst, not view.portal.critical, not fresh, -incident.id)
