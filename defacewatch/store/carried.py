"""What a message that carries several deliveries tells of."""

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.engine import Connection

from defacewatch.alerts import DeliveryState
from defacewatch.errors import NotFound
from defacewatch.gathering import Entry
from defacewatch.incidents import State
from defacewatch.store.alertschema import alerts, deliveries
from defacewatch.store.incidents import IncidentView, view_of, views
from defacewatch.store.rows import OBJECT, page_of, part, portal_of, verdict_of
from defacewatch.store.schema import checks, incidents, pages, portals
from defacewatch.store.stormschema import campaign_members, messages
from defacewatch.verdicts import VerdictKind

SHOWN = 12  # incidents whose signs are told
_WORST = (VerdictKind.DEFACED, VerdictKind.CHANGED, VerdictKind.UNREACHABLE)


def carried(db: Connection, message: int) -> tuple[Entry, ...]:
    """All of its campaign, or what its deliveries are about, what matters most first; then what is about no
    incident. Raises NotFound."""
    row = db.execute(select(messages).where(messages.c.id == message)).one_or_none()
    if row is None:
        raise NotFound(f"there is no message {message}")
    carrying = select(alerts.c.incident).join(deliveries, deliveries.c.alert == alerts.c.id)
    mine = carrying.where(deliveries.c.message == message)
    going = mine.add_columns(alerts.c.facts).where(deliveries.c.state == DeliveryState.SENDING.value)
    fresh = {number: OBJECT.validate_json(facts) for number, facts in db.execute(going)}
    of_it: ColumnElement[bool] = incidents.c.id.in_(mine)
    if row.campaign is not None:
        member = select(campaign_members.c.incident)
        of_it = or_(of_it, incidents.c.id.in_(member.where(campaign_members.c.campaign == row.campaign)))
    views_ = [view_of(row) for row in db.execute(views().where(of_it).order_by(incidents.c.id.desc()))]
    views_.sort(key=lambda view: _matters(view, view.incident.id in fresh))
    shown = [view.incident.id for view in views_[:SHOWN]]
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
                v.page,
                v.portal,
                v.incident,
                verdicts.get(v.incident.id),
                v.incident.id in fresh,
                fresh.get(v.incident.id, {}),
            )
            for v in views_
        ),
        *(
            Entry(page_of(part(row, pages)), portal_of(part(row, portals)), fresh=True)
            for row in db.execute(without)
        ),
    )


def _matters(view: IncidentView, fresh: bool) -> tuple[bool, int, bool, bool, int]:
    """What is named first: what nobody has, then the worst, critical portals, what is new."""
    incident = view.incident
    worst = _WORST.index(incident.verdict) if incident.verdict in _WORST else len(_WORST)
    return (incident.state is not State.OPEN, worst, not view.portal.critical, not fresh, -incident.id)
