"""Rows to objects and back, for all tables."""

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Column, Row, Table

from defacewatch.alerts import Alert, AlertKind, Delivery, DeliveryState
from defacewatch.baselines import Approval
from defacewatch.captures import Capture, Material
from defacewatch.features import Features
from defacewatch.incidents import Incident, Resolution, State
from defacewatch.portals import Contact, Page, Portal, Source, Urgency
from defacewatch.profiles import Profile
from defacewatch.signals import Signal
from defacewatch.verdicts import Verdict, VerdictKind

Columns = Mapping[str, Any]
Values = dict[str, object]
T = TypeVar("T")

CONTACTS = TypeAdapter(tuple[Contact, ...])
DIFFERENCES = TypeAdapter(tuple[str, ...])
FEATURES = TypeAdapter(Features)
MATERIALS = TypeAdapter(tuple[Material, ...])
OBJECT = TypeAdapter(dict[str, object])
PROFILE = TypeAdapter(Profile)
SIGNALS = TypeAdapter(tuple[Signal, ...])
TAGS = TypeAdapter(tuple[str, ...])


def light(table: Table) -> tuple[Column[Any], ...]:
    """The columns of captures or approvals but for their features, which are large."""
    return tuple(column for column in table.c if column.name != "features")


def part(row: Row[Any], table: Table) -> Columns:
    """The columns of `table` in a row of a query that joins several."""
    return {column.name: row._mapping[column] for column in table.c}


def light_part(row: Row[Any], table: Table) -> Columns:
    """The same where the query selects those that are `light` alone."""
    return {column.name: row._mapping[column] for column in light(table)}


def parts(row: Sequence[Any], *tables: Table) -> Iterator[Columns]:
    """The columns of each of `tables`, which are what a query selects first, in this order."""
    start = 0
    for table in tables:
        names = table.c.keys()
        yield dict(zip(names, row[start : start + len(names)], strict=True))
        start += len(names)


def dumped(adapter: TypeAdapter[T], value: T) -> str:
    """`value` as JSON. Half a surrogate pair, which a page's scripts can make, becomes '?'."""
    plain = adapter.dump_python(value, mode="json")
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace").decode()


def packed(features: Features) -> bytes:
    """`features` as compressed JSON: most of it is thousands of 64-bit numbers."""
    return _packed(FEATURES, features)


def readable(data: bytes) -> Features | None:
    """Features as they were packed; None where they are of another form, as another version may have it."""
    return _unpacked(FEATURES, data)


def packed_materials(materials: tuple[Material, ...]) -> bytes:
    """What a page is made of as compressed JSON: most of it is addresses that begin alike."""
    return _packed(MATERIALS, materials)


def materials_of(data: bytes) -> tuple[Material, ...]:
    """Materials as they were packed; none where they are damaged or of another form."""
    return _unpacked(MATERIALS, data) or ()


def _packed(adapter: TypeAdapter[T], value: T) -> bytes:
    return zlib.compress(dumped(adapter, value).encode(), 1)


def _unpacked(adapter: TypeAdapter[T], data: bytes) -> T | None:
    try:
        return adapter.validate_json(zlib.decompress(data))
    except (ValidationError, zlib.error):
        return None


def profile_of(page: str, data: str | None) -> Profile:
    """A page's profile as it was kept, or an empty one where there is none, or one of another form."""
    try:
        return Profile(page) if data is None else PROFILE.validate_json(data)
    except ValidationError:
        return Profile(page)


def _seconds(interval: timedelta | None) -> float | None:
    return None if interval is None else interval.total_seconds()


def _interval(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


def page_values(page: Page, position: int) -> Values:
    return {
        "id": page.id,
        "portal": page.portal,
        "url": page.url,
        "probe_every": _seconds(page.probe_every),
        "render_every": _seconds(page.render_every),
        "position": position,
        "enabled": True,
    }


def page_of(row: Columns) -> Page:
    return Page(
        row["id"],
        row["portal"],
        row["url"],
        probe_every=_interval(row["probe_every"]),
        render_every=_interval(row["render_every"]),
    )


def portal_values(portal: Portal) -> Values:
    """What a registration says of a portal, without what the store itself adds (pauses, times)."""
    return {
        "key": portal.key,
        "name": portal.name,
        "owner": portal.owner,
        "operator": portal.operator,
        "level": portal.level,
        "critical": portal.critical,
        "contacts": dumped(CONTACTS, portal.contacts),
        "changed_urgency": portal.changed_urgency.value,
        "defaced_urgency": portal.defaced_urgency.value,
        "tags": dumped(TAGS, portal.tags),
    }


@lru_cache(maxsize=4096)
def _contacts(text: str) -> tuple[Contact, ...]:
    return CONTACTS.validate_json(text)


@lru_cache(maxsize=4096)
def tags_of(text: str) -> tuple[str, ...]:
    return TAGS.validate_json(text)


def portal_of(row: Columns, pages: Iterable[Page] = ()) -> Portal:
    return Portal(
        row["key"],
        row["name"],
        owner=row["owner"],
        operator=row["operator"],
        level=row["level"],
        critical=row["critical"],
        contacts=_contacts(row["contacts"]),
        pages=tuple(pages),
        changed_urgency=Urgency(row["changed_urgency"]),
        defaced_urgency=Urgency(row["defaced_urgency"]),
        tags=tags_of(row["tags"]),
        source=Source(row["source"]),
        enabled=row["enabled"],
        paused=row["paused"],
    )


def capture_values(capture: Capture, features: Features) -> Values:
    return {
        "id": capture.id,
        "page": capture.page,
        "at": capture.at,
        "served": capture.served,
        "dom": capture.dom,
        "screenshot": capture.screenshot,
        "facts": capture.facts,
        "dom_hash": capture.dom_hash,
        "screen_hash": capture.screen_hash,
        "final_url": capture.final_url,
        "status": capture.status,
        "title": capture.title,
        "attack": capture.attack,
        "proposed_by": capture.proposed_by,
        "proposed_at": capture.proposed_at,
        "details": dumped(OBJECT, dict(capture.details)),
        "features_version": features.version,
        "features": packed(features),
    }


def capture_of(row: Columns) -> Capture:
    return Capture(
        id=row["id"],
        page=row["page"],
        at=row["at"],
        served=row["served"],
        dom=row["dom"],
        screenshot=row["screenshot"],
        facts=row["facts"],
        dom_hash=row["dom_hash"],
        screen_hash=row["screen_hash"],
        final_url=row["final_url"],
        status=row["status"],
        title=row["title"],
        attack=row["attack"],
        proposed_by=row["proposed_by"],
        proposed_at=row["proposed_at"],
        details=OBJECT.validate_json(row["details"]),
        expired=row["expired_at"] is not None,
    )


def approval_of(row: Columns) -> Approval:
    return Approval(
        id=row["id"],
        page=row["page"],
        capture=row["capture"],
        by=row["by"],
        at=row["at"],
        reason=row["reason"],
        also=row["also"],
        withdrawn_at=row["withdrawn_at"],
    )


def incident_values(incident: Incident) -> Values:
    """All columns but `id` and `version`, which the store gives."""
    return {
        "page": incident.page,
        "verdict": incident.verdict.value,
        "opened_at": incident.opened_at,
        "state": incident.state.value,
        "alerted_at": incident.alerted_at,
        "acknowledged_by": incident.acknowledged_by,
        "acknowledged_at": incident.acknowledged_at,
        "resolved_by": incident.resolved_by,
        "resolved_at": incident.resolved_at,
        "resolved_as": incident.resolved_as.value if incident.resolved_as else None,
        "differences": dumped(DIFFERENCES, tuple(sorted(incident.differences))),
        "intermittent": incident.intermittent,
        "present": incident.present,
        "late": incident.late,
        "capture": incident.capture,
        "previous": incident.previous,
        "attacked_at": incident.attacked_at,
    }


def incident_of(row: Columns) -> Incident:
    return Incident(
        page=row["page"],
        verdict=VerdictKind(row["verdict"]),
        opened_at=row["opened_at"],
        id=row["id"],
        state=State(row["state"]),
        alerted_at=row["alerted_at"],
        acknowledged_by=row["acknowledged_by"],
        acknowledged_at=row["acknowledged_at"],
        resolved_by=row["resolved_by"],
        resolved_at=row["resolved_at"],
        resolved_as=Resolution(row["resolved_as"]) if row["resolved_as"] else None,
        differences=frozenset(DIFFERENCES.validate_json(row["differences"])),
        intermittent=row["intermittent"],
        present=row["present"],
        late=row["late"],
        capture=row["capture"],
        previous=row["previous"],
        attacked_at=row["attacked_at"],
        version=row["version"],
    )


def verdict_of(row: Columns) -> Verdict:
    """The verdict of a row of `checks`."""
    return Verdict(
        VerdictKind(row["verdict"]),
        row["score"],
        row["evidence"],
        SIGNALS.validate_json(row["signals"]),
        intermittent=row["intermittent"],
        wavered=row["wavered"],
    )


def alert_of(row: Columns) -> Alert:
    return Alert(
        id=row["id"],
        kind=AlertKind(row["kind"]),
        urgency=Urgency(row["urgency"]),
        at=row["at"],
        incident=row["incident"],
        page=row["page"],
        step=row["step"],
        next_step_at=row["next_step_at"],
        facts=OBJECT.validate_json(row["facts"]),
        officer=row["officer"],
        reached=row["reached"],
    )


def delivery_of(row: Columns) -> Delivery:
    return Delivery(
        id=row["id"],
        alert=row["alert"],
        channel=row["channel"],
        officer=row["officer"] or None,
        state=DeliveryState(row["state"]),
        attempts=row["attempts"],
        step=row["step"],
        created_at=row["created_at"],
        next_at=row["next_at"],
        receipt=row["receipt"],
        error=row["error"],
        sent_at=row["sent_at"],
        message=row["message"],
    )
