"""Everything the store knows about one incident, gathered for whoever shows it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import structlog

from defacewatch.alerts import ESCALATES, Delivery
from defacewatch.campaigns import Campaign
from defacewatch.captures import Capture
from defacewatch.errors import DefacewatchError, NotFound
from defacewatch.notify.pictures import picture
from defacewatch.runbooks import Runbook, Step, Tick, runbook_for
from defacewatch.store import Store
from defacewatch.store.incidents import IncidentView, TimelineEntry
from defacewatch.store.told import Told
from defacewatch.verdicts import Verdict, VerdictKind

CHECKS_SEARCHED = 200  # the latest kept checks of the page, where none is known that took the capture
SAYS_NOTHING = frozenset({VerdictKind.CLEAN, VerdictKind.LEARNING, VerdictKind.UNKNOWN})

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Proof:
    """What a bad look showed: its verdict, when it was confirmed, screenshots (blobs) before and after."""

    verdict: Verdict | None = None
    confirmed_at: datetime | None = None
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True)
class Evidence:
    """An incident with its history and its proof. `capture` is the one that the proof is of, `before` the
    approved one that it was compared with; `told_with` the one in the latest message, where the page has been
    seen again since."""

    view: IncidentView
    timeline: list[TimelineEntry]
    deliveries: list[Delivery]
    proof: Proof
    capture: Capture | None
    before: Capture | None = None
    told_with: Capture | None = None


async def gather(store: Store, incident: int) -> Evidence:
    """The evidence of an incident. Raises NotFound. The timeline is read first: a form that carries its last
    line must not vouch for what came after the pictures were chosen."""
    return await store.together(partial(_gathered, store, incident))


async def _gathered(store: Store, incident: int) -> Evidence:
    timeline = await store.incidents.timeline(incident)
    view = await store.incidents.get(incident)
    deliveries = await store.alerts.deliveries(incident=incident)
    told = await _told(store, deliveries)
    capture = await _capture(store, view.incident.capture)
    if told is not None and (capture is None or told.capture == capture.id):
        proof = Proof(told.verdict, told.confirmed_at, told.before, told.after)
    else:
        proof = await _seen(store, view, capture, told)
    before = None if proof.before is None else await store.baselines.approved_with(view.page.id, proof.before)
    elsewhere = told is not None and capture is not None and told.after and told.capture != capture.id
    told_with = await _capture(store, told.capture) if told is not None and elsewhere else None
    return Evidence(view, timeline, deliveries, proof, capture, before, told_with)


@dataclass(frozen=True)
class Account:
    """What a paper tells of an incident: its evidence with the pictures (JPEG; b"" for none), what was to be
    done and by whom it was (`done`, by the text of the step), and the campaign that it belongs to."""

    evidence: Evidence
    before: bytes = b""
    after: bytes = b""
    steps: tuple[Step, ...] = ()
    done: Mapping[str, Tick] = field(default_factory=dict)
    campaign: Campaign | None = None


async def account_of(store: Store, incident: int, runbooks: Mapping[str, Runbook]) -> Account:
    """What there is to tell of an incident in a paper. Raises NotFound."""
    evidence = await gather(store, incident)
    view, proof = evidence.view, evidence.proof
    return Account(
        evidence,
        await _picture(store, proof.before),
        await _picture(store, proof.after),
        runbook_for(runbooks, view.portal.key, view.incident.verdict).steps,
        await store.incidents.ticked(incident),
        await store.campaigns.of_incident(incident),
    )


async def _picture(store: Store, blob: str | None) -> bytes:
    """What a screenshot shows first, as JPEG; b"" where there is none, or none any more."""
    if blob is None:
        return b""
    try:
        return await asyncio.to_thread(picture, await store.pictures(blob))
    except (DefacewatchError, OSError) as error:
        log.warning("a picture is left out of a paper", blob=blob, error=str(error))
        return b""


async def _told(store: Store, deliveries: list[Delivery]) -> Told | None:
    """What the latest alert about a bad look said."""
    for alert in sorted({delivery.alert for delivery in deliveries}, reverse=True):
        told = await store.alerts.facts(alert)
        if told.alert.kind in ESCALATES and told.verdict is not None:
            return told
    return None


async def _seen(store: Store, view: IncidentView, capture: Capture | None, told: Told | None) -> Proof:
    """The proof of a capture that no message has told of, from the checks themselves."""
    page = view.page.id
    bad = None if capture is None else await store.checks.taking(page, capture.id)
    if bad is None or bad.verdict.kind in SAYS_NOTHING:
        latest = await store.checks.history(page, CHECKS_SEARCHED)
        mine = (check for check in latest if check.incident == view.incident.id)
        bad = next((check for check in mine if check.verdict.kind not in SAYS_NOTHING), None)
    verdict, at = (None, None) if bad is None else (bad.verdict, bad.at)
    if verdict is None and told is not None:  # the checks are kept no more
        verdict, at = told.verdict, told.confirmed_at
    then = capture.at if capture is not None else at or view.incident.opened_at
    before = await _approved_at(store, page, then)
    after = None if capture is None or capture.expired else capture.screenshot
    return Proof(verdict, at, None if before is None else before.screenshot, after)


async def _approved_at(store: Store, page: str, at: datetime) -> Capture | None:
    """The look that was approved last of those that stood at that time."""
    history = await store.baselines.history(page)
    stood = [a for a in history if a.at <= at and (a.withdrawn_at is None or a.withdrawn_at > at)]
    return await _capture(store, stood[-1].capture) if stood else None


async def _capture(store: Store, capture: str | None) -> Capture | None:
    """A capture, or None where there is none, or none any more."""
    if capture is None:
        return None
    try:
        return await store.baselines.capture(capture)
    except NotFound:
        return None
