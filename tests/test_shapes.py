"""The JSON shapes, key by key."""

import json
from datetime import UTC, datetime, timedelta, timezone

from defacewatch.captures import Tier
from defacewatch.incidents import Incident, Resolution, State
from defacewatch.language import translator
from defacewatch.portals import Contact, Page, Portal
from defacewatch.shapes import check_line, incident_line, moment, plain, portal_line
from defacewatch.signals import Kind, Signal
from defacewatch.verdicts import Verdict, VerdictKind

PAGE = Page("hungyen-1", "hungyen", "https://hungyen.gov.vn/", probe_every=timedelta(seconds=15))
PORTAL = Portal("hungyen", "Cổng TTĐT Hưng Yên", contacts=(Contact("An"),), pages=(PAGE,))
AT = datetime(2026, 9, 2, 14, 5, 9, 123_456, tzinfo=timezone(timedelta(hours=7)))


def test_times_are_rfc_3339_in_utc() -> None:
    assert moment(AT) == "2026-09-02T07:05:09.123Z"
    assert moment(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00.000Z"
    assert moment(None) is None


def test_a_check_is_one_line_of_json_with_the_keys_of_the_contract() -> None:
    signal = Signal(
        Kind.SCREEN, 34.5, "screen", {"share": 97, "tiles": (1, 2), "hosts": frozenset({"b", "a"})}
    )
    verdict = Verdict(VerdictKind.CHANGED, 34.5, 0.0, (signal,))
    line = check_line(
        PORTAL, PAGE, verdict, at=AT, tier=Tier.RENDER, translate=translator("vi"), capture="c1"
    )
    assert json.loads(json.dumps(line, ensure_ascii=False)) == {
        "page": "hungyen-1",
        "portal": "hungyen",
        "url": "https://hungyen.gov.vn/",
        "at": "2026-09-02T07:05:09.123Z",
        "tier": "render",
        "verdict": "changed",
        "score": 34.5,
        "signals": [
            {
                "kind": "screen",
                "severity": "medium",
                "points": 34.5,
                "summary": "97 % màn hình đầu nhìn khác mốc chuẩn",
                "evidence": {"share": 97, "tiles": [1, 2], "hosts": ["a", "b"]},
            }
        ],
        "dom_hash": None,
        "screen_hash": None,
        "capture": "c1",
        "incident": None,
    }


def test_an_incident_has_the_keys_of_the_contract() -> None:
    resolved = Incident(
        "hungyen-1", VerdictKind.DEFACED, AT, id=7, state=State.RESOLVED, resolved_as=Resolution.FALSE_ALARM
    )
    assert incident_line(resolved, PORTAL, PAGE) == {
        "id": 7,
        "page": "hungyen-1",
        "portal": "hungyen",
        "url": "https://hungyen.gov.vn/",
        "state": "resolved",
        "verdict": "defaced",
        "opened_at": "2026-09-02T07:05:09.123Z",
        "alerted_at": None,
        "acknowledged_by": None,
        "resolved_as": "false-alarm",
        "campaign": None,
    }


def test_a_portal_comes_with_its_pages_and_intervals_in_seconds() -> None:
    line = portal_line(PORTAL)
    assert line["pages"] == [
        {"id": "hungyen-1", "url": "https://hungyen.gov.vn/", "probe_every": 15.0, "render_every": None}
    ]
    assert line["contacts"] == [{"name": "An", "phone": None, "email": None}]


def test_evidence_of_any_kind_can_be_written_as_json() -> None:
    odd = {1: {"at": AT}, "tiers": [Tier.PROBE, None], "other": 1j}
    assert json.loads(json.dumps(plain(odd))) == {
        "1": {"at": "2026-09-02T07:05:09.123Z"},
        "tiers": ["probe", None],
        "other": "1j",
    }
