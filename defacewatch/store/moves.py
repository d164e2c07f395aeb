"""Writes that several parts of the store share. Each runs inside a transaction of its caller; they are plain
functions, so that a whole transaction can be one (`Engine.write`), and `run_sync` calls them from others.

Everybody who moves something of a page first moves `page_state.version`: that row is what checks, people
and other processes race for, so a check that read before sees that it must read again.
"""

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, exc, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.sql.dml import ReturningUpdate

from defacewatch.alerts import Draft
from defacewatch.errors import Moved, NotFound
from defacewatch.incidents import NO_INCIDENT, Event, Incident
from defacewatch.records import Kept
from defacewatch.store.alertschema import alerts
from defacewatch.store.rows import (
    OBJECT,
    Columns,
    Values,
    capture_values,
    dumped,
    incident_of,
    incident_values,
    part,
)
from defacewatch.store.schema import captures, incident_events, incidents, page_state
from defacewatch.verdicts import VerdictKind

# Page state that makes the next check look for itself: nothing conditional, nothing known of the document.
LOOK_AFRESH: Values = {"etag": None, "last_modified": None, "body_hash": None, "captured_hash": None}


def touch(db: Connection, page: str, values: Values | None = None, *, version: int | None = None) -> Columns:
    """Move the version of a page's state, set `values`, and return the new state; others wait until this
    transaction ends. Raises Moved when `version` is given and is not the current one."""
    values = values or {}
    statement = _touching(tuple(values), version is not None)
    given = {f"new_{name}": value for name, value in values.items()}
    row = db.execute(statement, {"of": page, "known": version, **given}).one_or_none()
    if row is None:
        raise Moved(f"the state of page {page} has moved")
    return part(row, page_state)


@cache
def _touching(names: tuple[str, ...], versioned: bool) -> ReturningUpdate[Any]:
    """Every check runs one of these: made once, SQLAlchemy knows it again and need not compile it."""
    statement = update(page_state).where(page_state.c.page == bindparam("of"))
    if versioned:
        statement = statement.where(page_state.c.version == bindparam("known"))
    new: Values = {name: bindparam(f"new_{name}") for name in names}
    return statement.values(version=page_state.c.version + 1, **new).returning(page_state)


def incident_for_update(db: Connection, incident: int) -> tuple[Incident, Columns]:
    """An incident as it stands now, with its page's state, which is touched. Raises NotFound."""
    page = db.scalar(select(incidents.c.page).where(incidents.c.id == incident))
    if page is None:
        raise NotFound(NO_INCIDENT, number=incident)
    state = touch(db, page)
    row = db.execute(select(incidents).where(incidents.c.id == incident)).one()
    return incident_of(part(row, incidents)), state


def save_incident(db: Connection, incident: Incident) -> int:
    """Write an incident and return its id. Raises Moved when it has moved since it was read, or when the
    page has an unresolved one already."""
    if incident.id == 0:
        try:
            fresh = insert(incidents).values(**incident_values(incident), version=1)
            return int(db.execute(fresh.returning(incidents.c.id)).scalar_one())
        except exc.IntegrityError:
            raise Moved(f"page {incident.page} has an unresolved incident already") from None
    saved = db.execute(
        update(incidents)
        .where(incidents.c.id == incident.id, incidents.c.version == incident.version)
        .values(**incident_values(incident), version=incident.version + 1)
    )
    if saved.rowcount != 1:
        raise Moved(f"incident {incident.id} has moved")
    return incident.id


def add_event(
    db: Connection,
    incident: int,
    event: Event,
    *,
    by: str,
    at: datetime,
    via: str = "",
    text: str = "",
    verdict: VerdictKind | None = None,
    capture: str | None = None,
) -> None:
    """Add a line to an incident's timeline; `via` says how a person acted ('cli', 'telegram' …)."""
    values: Values = {"incident": incident, "event": event.value, "by": by, "at": at, "via": via}
    values |= {"text": text, "verdict": verdict.value if verdict else None, "capture": capture}
    db.execute(insert(incident_events).values(**values))


def add_capture(db: Connection, kept: Kept) -> None:
    db.execute(insert(captures).values(**capture_values(kept.capture, kept.features)))


def add_alert(
    db: Connection,
    draft: Draft,
    *,
    at: datetime,
    page: str | None = None,
    incident: int | None = None,
    check: int | None = None,
    capture: str | None = None,
    due: datetime | None = None,
) -> int:
    """Write an alert whose first step is `due` (None: at once); its id."""
    values: Values = {
        "kind": draft.kind.value,
        "urgency": draft.urgency.value,
        "at": at,
        "page": page,
        "incident": incident,
        "check": check,
        "capture": capture,
        "officer": draft.officer,
        "facts": dumped(OBJECT, dict(draft.facts)),
        "step": 0,
        "next_step_at": due or at,
    }
    return int(db.execute(insert(alerts).values(**values).returning(alerts.c.id)).scalar_one())
