"""Everything the store knows about one incident, gathered for whoever shows it."""

from dataclasses import dataclass
from datetime import datetime

from defacewatch.alerts import ESCALATES, Delivery
from defacewatch.captures import Capture
from defacewatch.errors import NotFound
from defacewatch.store import Store
from defacewatch.store.incidents import IncidentView, TimelineEntry
from defacewatch.verdicts import Verdict, VerdictKind

CHECKS_SEARCHED = 200  # the latest kept checks of the page, while no alert has been told yet
SAYS_NOTHING = frozenset({VerdictKind.CLEAN, VerdictKind.LEARNING, VerdictKind.UNKNOWN})


@dataclass(frozen=True)
class Proof:
    """What a bad look showed: its verdict, when it was confirmed, screenshots (blobs) before and after."""

    verdict: Verdict | None = None
    confirmed_at: datetime | None = None
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True)
class Evidence:
    """An incident with its history, and the proof that was told last. `capture` shows it, `before` is the
    approved one that it was compared with."""

    view: IncidentView
    timeline: list[TimelineEntry]
    deliveries: list[Delivery]
    proof: Proof
    capture: Capture | None
    before: Capture | None = None


async def gather(store: Store, incident: int) -> Evidence:
    """The evidence of an incident. Raises NotFound."""
    view = await store.incidents.get(incident)
    deliveries = await store.alerts.deliveries(incident=incident)
    proof = await _told(store, deliveries) or await _not_yet_told(store, view)
    timeline = await store.incidents.timeline(incident)
    capture = await _capture(store, view.incident.capture)
    before = None if proof.before is None else await store.baselines.approved_with(view.page.id, proof.before)
    return Evidence(view, timeline, deliveries, proof, capture, before)


async def _told(store: Store, deliveries: list[Delivery]) -> Proof | None:
    """What the latest alert about a bad look said."""
    for alert in sorted({delivery.alert for delivery in deliveries}, reverse=True):
        told = await store.alerts.facts(alert)
        if told.alert.kind in ESCALATES and told.verdict is not None:
            return Proof(told.verdict, told.confirmed_at, told.before, told.after)
    return None


async def _not_yet_told(store: Store, view: IncidentView) -> Proof:
    """The same while no message has been made, from the checks themselves."""
    checks = await store.checks.history(view.page.id, CHECKS_SEARCHED)
    bad = next(
        (c for c in checks if c.incident == view.incident.id and c.verdict.kind not in SAYS_NOTHING), None
    )
    after = await _capture(store, view.incident.capture)
    baseline = await store.baselines.get(view.page.id)
    before = None if baseline is None else await _capture(store, baseline.looks[-1].capture)
    return Proof(
        None if bad is None else bad.verdict,
        None if bad is None else bad.at,
        None if before is None else before.screenshot,
        None if after is None else after.screenshot,
    )


async def _capture(store: Store, capture: str | None) -> Capture | None:
    """A capture, or None where there is none, or none any more."""
    if capture is None:
        return None
    try:
        return await store.baselines.capture(capture)
    except NotFound:
        return None
