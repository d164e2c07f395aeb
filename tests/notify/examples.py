"""Notices as the outbox makes them."""

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from PIL import Image

from defacewatch.alerts import Alert, AlertKind, Delivery, DeliveryState, Notice
from defacewatch.incidents import Incident
from defacewatch.portals import Contact, Page, Portal, Urgency
from defacewatch.roster import Officer
from defacewatch.signals import Kind, Signal
from defacewatch.verdicts import Verdict, VerdictKind

AT = datetime(2026, 9, 2, 7, 5, 9, tzinfo=UTC)
PAGE = Page("hungyen-0a1b2c3d", "hungyen", "https://hungyen.gov.vn/")
PORTAL = Portal(
    "hungyen",
    "Cổng Thông tin điện tử tỉnh Hưng Yên",
    owner="Văn phòng UBND tỉnh",
    operator="Trung tâm CNTT và Truyền thông",
    level=3,
    critical=True,
    contacts=(Contact("Lê Văn Bình", phone="0912 345 678"),),
    pages=(PAGE,),
)
AN = Officer("an", "Nguyễn Văn An", email="an@example.gov.vn", telegram_user=1001)
SIGNALS = (
    Signal(Kind.TEXT, 12.0, "text~00000000000000ff", {"share": 88}),
    Signal(Kind.DEFACE_PHRASE, 60.0, "deface:hacked by", {"place": "title", "phrases": ["Hacked by X"]}),
    Signal(Kind.SCRIPT_HOST, 55.0, "script:evil.example", {"hosts": ["evil.example"]}),
    Signal(Kind.IDENTITY_LOST, 40.0, "identity", {"share": 97}),
    Signal(Kind.TRUNCATED, 0.0, "truncated", {}),
)


def picture(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (80, 100), colour).save(out, "JPEG")
    return out.getvalue()


BEFORE, AFTER = picture("white"), picture("black")


def notice(kind: AlertKind = AlertKind.DEFACED, **changes: Any) -> Notice:
    """A notice of a defaced page to officer An, in Vietnamese; `changes` replace its fields."""
    alert = Alert(12, kind, Urgency.HIGH, AT, incident=123, page=PAGE.id, facts={"event": "opened"})
    verdict = Verdict(VerdictKind.DEFACED, 167.0, 155.0, SIGNALS)
    incident = Incident(PAGE.id, VerdictKind.DEFACED, AT, id=123, alerted_at=AT, capture="01JQ7X5C2Z")
    whole = Notice(
        alert,
        "vi",
        "Asia/Ho_Chi_Minh",
        portal=PORTAL,
        page=PAGE,
        incident=incident,
        verdict=verdict,
        confirmed_at=AT + timedelta(seconds=14),
        deadline=AT + timedelta(minutes=10),
        next_to="shift_lead",
        before=BEFORE,
        after=AFTER,
        capture="01JQ7X5C2Z",
        evidence_url="https://watch.example.gov.vn/incidents/123",
        to=AN,
    )
    return replace(whole, **changes)


def signalled(*signals: Signal, **changes: Any) -> Notice:
    return notice(verdict=Verdict(VerdictKind.DEFACED, 60.0, 60.0, signals), **changes)


def delivery(step: int = 0, id_: int = 77) -> Delivery:
    return Delivery(id_, 12, "email", "an", DeliveryState.SENDING, 1, step, AT, None)
