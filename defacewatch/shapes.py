"""The JSON shapes: what `--json` prints one to a line, and what /api/v1 answers.

Keys are part of the product's outside (docs/cli.md); times are RFC 3339 in UTC. Text that came from a watched
page is passed on as it is: whoever shows it has to escape it.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from defacewatch.alerts import Delivery
from defacewatch.baselines import Approval
from defacewatch.captures import Capture, Tier
from defacewatch.handovers import Handover
from defacewatch.incidents import Event, Incident
from defacewatch.language import Translate
from defacewatch.mutes import Mute
from defacewatch.portals import Page, Portal
from defacewatch.records import Outcome, Recorded
from defacewatch.roster import Officer
from defacewatch.rostering import Finding
from defacewatch.runbooks import Step, Tick
from defacewatch.shifts import Entered, Turn
from defacewatch.shifttests import ChannelTest
from defacewatch.signals import Signal
from defacewatch.verdicts import Verdict, VerdictKind
from defacewatch.windows import Announced

Line = dict[str, Any]


def moment(at: datetime | None) -> str | None:
    """RFC 3339 in UTC, to the millisecond: '2026-09-02T07:05:09.123Z'."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()


def portal_line(portal: Portal) -> Line:
    return {
        "key": portal.key,
        "name": portal.name,
        "owner": portal.owner,
        "operator": portal.operator,
        "level": portal.level,
        "critical": portal.critical,
        "tags": list(portal.tags),
        "source": portal.source.value,
        "enabled": portal.enabled,
        "paused": portal.paused,
        "contacts": [{"name": c.name, "phone": c.phone, "email": c.email} for c in portal.contacts],
        "pages": [page_line(page) for page in portal.pages],
    }


def page_line(page: Page) -> Line:
    """A page as it is registered; intervals in seconds, null where the default holds."""
    return {
        "id": page.id,
        "url": page.url,
        "probe_every": _seconds(page.probe_every),
        "render_every": _seconds(page.render_every),
    }


def page_state_line(
    portal: Portal,
    page: Page,
    *,
    verdict: VerdictKind | None,
    score: float,
    checked_at: datetime | None,
    captured_at: datetime | None,
    capture: str | None,
    incident: int | None,
    has_baseline: bool,
) -> Line:
    """How a page stands now."""
    return {
        "page": page.id,
        "portal": portal.key,
        "url": page.url,
        "verdict": None if verdict is None else verdict.value,
        "score": score,
        "checked_at": moment(checked_at),
        "captured_at": moment(captured_at),
        "capture": capture,
        "incident": incident,
        "has_baseline": has_baseline,
        "paused": portal.paused,
    }


def signal_line(signal: Signal, translate: Translate) -> Line:
    return {
        "kind": signal.kind.value,
        "severity": signal.severity.value,
        "points": signal.points,
        "summary": signal.sentence(translate),
        "evidence": plain(signal.evidence),
    }


def check_line(
    portal: Portal,
    page: Page,
    verdict: Verdict,
    *,
    at: datetime,
    tier: Tier,
    translate: Translate,
    dom_hash: str | None = None,
    screen_hash: str | None = None,
    capture: str | None = None,
    incident: int | None = None,
) -> Line:
    """One check, after its second look. Exactly the keys that the contract names."""
    return {
        "page": page.id,
        "portal": portal.key,
        "url": page.url,
        "at": moment(at),
        "tier": tier.value,
        "verdict": verdict.kind.value,
        "score": verdict.score,
        "signals": [signal_line(signal, translate) for signal in verdict.signals],
        "dom_hash": dom_hash,
        "screen_hash": screen_hash,
        "capture": capture,
        "incident": incident,
    }


def outcome_line(outcome: Outcome, recorded: Recorded, translate: Translate) -> Line:
    """The check that has just been recorded."""
    context = outcome.context
    return check_line(
        context.portal,
        context.page,
        outcome.verdict,
        at=outcome.at,
        tier=outcome.tier,
        translate=translate,
        dom_hash=outcome.dom_hash,
        screen_hash=outcome.screen_hash,
        capture=recorded.capture,
        incident=recorded.incident,
    )


def incident_line(incident: Incident, portal: Portal, page: Page, *, campaign: int | None = None) -> Line:
    return {
        "id": incident.id,
        "page": page.id,
        "portal": portal.key,
        "url": page.url,
        "state": incident.state.value,
        "verdict": incident.verdict.value,
        "opened_at": moment(incident.opened_at),
        "alerted_at": moment(incident.alerted_at),
        "acknowledged_by": incident.acknowledged_by,
        "resolved_as": None if incident.resolved_as is None else incident.resolved_as.value,
        "campaign": campaign,
    }


def mute_line(mute: Mute) -> Line:
    return {
        "id": mute.id,
        "page": mute.page,
        "identity": mute.identity,
        "by": mute.by,
        "at": moment(mute.at),
        "incident": mute.incident,
        "ends_at": moment(mute.ends_at),
    }


def event_line(event: Event, *, at: datetime, by: str, via: str, text: str, number: int) -> Line:
    """One line of an incident's timeline; its number grows."""
    return {"id": number, "event": event.value, "at": moment(at), "by": by, "via": via, "text": text}


def capture_line(capture: Capture) -> Line:
    return {
        "id": capture.id,
        "page": capture.page,
        "at": moment(capture.at),
        "final_url": capture.final_url,
        "status": capture.status,
        "title": capture.title,
        "dom_hash": capture.dom_hash,
        "screen_hash": capture.screen_hash,
        "attack": capture.attack,
        "proposed_by": capture.proposed_by,
        "proposed_at": moment(capture.proposed_at),
    }


def approval_line(approval: Approval) -> Line:
    return {
        "id": approval.id,
        "page": approval.page,
        "capture": approval.capture,
        "by": approval.by,
        "at": moment(approval.at),
        "reason": approval.reason,
        "also": approval.also,
        "withdrawn_at": moment(approval.withdrawn_at),
    }


def delivery_line(delivery: Delivery) -> Line:
    return {
        "id": delivery.id,
        "alert": delivery.alert,
        "channel": delivery.channel,
        "officer": delivery.officer,
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "step": delivery.step,
        "created_at": moment(delivery.created_at),
        "sent_at": moment(delivery.sent_at),
        "receipt": delivery.receipt,
        "error": delivery.error,
    }


def officer_line(officer: Officer) -> Line:
    return {
        "key": officer.key,
        "name": officer.name,
        "role": officer.role.value,
        "email": officer.email,
        "telegram_user": officer.telegram_user,
        "phone": officer.phone,
        "channels": list(officer.channels),
    }


def turn_line(turn: Turn) -> Line:
    """A turn of duty; people by their keys."""
    return {
        "from": moment(turn.start),
        "to": moment(turn.end),
        "shift": turn.name,
        "team": turn.team,
        "officers": list(turn.officers),
        "secondary": list(turn.secondary),
        "lead": turn.lead,
        "away": list(turn.away),
    }


def finding_line(finding: Finding) -> Line:
    """A fault of the roster: 'gap', 'double', 'away' or 'unreachable'."""
    return {
        "fault": finding.fault.value,
        "from": moment(finding.start),
        "to": moment(finding.end),
        "officers": list(finding.officers),
        "shifts": list(finding.turns),
    }


def absence_line(entered: Entered) -> Line:
    """Leave, or half of a swap (`swap`: the number of its first half)."""
    absence = entered.absence
    return {
        "id": absence.id,
        "officer": absence.officer,
        "from": moment(absence.start),
        "to": moment(absence.end),
        "instead": absence.instead,
        "reason": absence.reason,
        "by": entered.by,
        "at": moment(entered.at),
        "swap": entered.swap,
        "withdrawn_by": entered.withdrawn_by,
        "withdrawn_at": moment(entered.withdrawn_at),
    }


def step_line(number: int, step: Step, tick: Tick | None) -> Line:
    """A step of a runbook, and who has done it when."""
    return {
        "step": number,
        "text": step.text,
        "mark": step.mark.value if step.mark else None,
        "by": tick.by if tick else None,
        "at": moment(tick.at) if tick else None,
    }


def handover_line(handover: Handover) -> Line:
    """A change of shift; people by their keys."""
    return {
        "id": handover.id,
        "at": moment(handover.at),
        "outgoing": list(handover.outgoing),
        "incoming": list(handover.incoming),
        "confirmed": {
            key: {"at": moment(confirmed.at), "via": confirmed.via}
            for key, confirmed in handover.confirmed.items()
        },
        "missing": list(handover.missing),
        "escalated_at": moment(handover.escalated_at),
        "summary": plain(dict(handover.summary)),
    }


def channel_test_line(test: ChannelTest, within: timedelta, now: datetime) -> Line:
    """A test of an officer's channel at a change of shift; `state` is 'proved', 'waiting', 'failed' or
    'unproved'."""
    return {
        "shift": moment(test.at),
        "officer": test.officer,
        "channel": test.channel,
        "state": test.outcome(within, now).value,
        "sent_at": moment(test.sent_at),
        "receipt": test.receipt,
        "error": test.error,
        "acknowledged_at": moment(test.acknowledged_at),
        "via": test.via,
        "told_at": moment(test.told_at),
    }


def window_line(entered: Announced) -> Line:
    """A maintenance window or an announced update."""
    window = entered.window
    return {
        "id": window.id,
        "portal": window.portal,
        "from": moment(window.start),
        "to": moment(window.end),
        "by": window.by,
        "reason": window.reason,
        "contact": window.contact,
        "via": window.via,
        "at": moment(entered.at),
        "withdrawn_by": entered.withdrawn_by,
        "withdrawn_at": moment(entered.withdrawn_at),
    }


def plain(value: object) -> Any:
    """`value` out of mappings, sequences, moments and scalars, as JSON can hold it."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(plain(item) for item in value)
    if isinstance(value, datetime):
        return moment(value)
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)
