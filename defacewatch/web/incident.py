"""One incident: before and after, what was seen, what happened, who was told, what can be done."""

from collections import defaultdict
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus

from aiohttp import web

from defacewatch.accounts import Role
from defacewatch.campaigns import Campaign
from defacewatch.deadlines import clocks
from defacewatch.evidence import Evidence, gather
from defacewatch.incidents import State
from defacewatch.notify.content import campaign_code, common
from defacewatch.roster import Officer, on_duty
from defacewatch.runbooks import Tick, runbook_for
from defacewatch.signals import Signal
from defacewatch.store import Store
from defacewatch.store.incidents import IncidentView
from defacewatch.web.console import Console, acting, console_of, csrf_field, words_of
from defacewatch.web.details import details_of
from defacewatch.web.explanations import explanation
from defacewatch.web.visitors import visitor_of
from defacewatch.web.words import Words

FULL_POINTS = 100.0  # points at which a signal's bar is full
TOLD = 2  # signs in the sentence that says what happened
FELLOWS = 12  # other incidents of the campaign
LINES = 200  # of the timeline and of who was told, the last ones


async def incident_page(request: web.Request) -> web.Response:
    return await shown_incident(request, int(request.match_info["id"]))


async def shown_incident(
    request: web.Request,
    number: int,
    *,
    problem: str | None = None,
    given: Mapping[str, str] | None = None,
) -> web.Response:
    """The page of an incident; with what is in the way (`problem`) of what was tried, and what was written
    (`given`, by action), so that nobody writes it twice."""
    console, words = console_of(request), words_of(request)
    evidence, done, campaign, fellows = await console.store.together(partial(_found, console.store, number))
    verdict = evidence.proof.verdict
    view = evidence.view
    runbook = runbook_for(console.runbooks(), view.portal.key, view.incident.verdict)
    signals = sorted(verdict.signals if verdict else (), key=lambda signal: -signal.points)
    capture = evidence.capture
    return console.renderer.page(
        "incident.html",
        words,
        status=HTTPStatus.CONFLICT if problem else HTTPStatus.OK,
        problem=problem,
        given=defaultdict(str, given or {}),
        seen=max((entry.id for entry in evidence.timeline), default=0),
        actor=acting(request),
        csrf=csrf_field(request),
        incident=view.incident,
        portal=view.portal,
        page=view.page,
        proof=evidence.proof,
        capture=capture,
        told_with=evidence.told_with,
        story=story(signals, words),
        signals=[(signal, explanation(signal.kind, words.language)) for signal in signals],
        score=verdict.score if verdict else 0.0,
        timeline=evidence.timeline,
        steps=runbook.steps,
        done=done,
        clocks=clocks(view.incident, console.roster().response, runbook.steps, done),
        deliveries=evidence.deliveries[-LINES:],
        told_before=max(0, len(evidence.deliveries) - LINES),
        most=LINES,
        full=FULL_POINTS,
        campaign=campaign,
        campaign_code=campaign_code(campaign.id) if campaign else None,
        common=common(campaign.because, words._) if campaign else None,
        fellows=[some for some in fellows if some.incident.id != number][:FELLOWS],
        details=None if capture is None else details_of(capture, evidence.before),
        proposed=capture is not None and capture.proposed_at is not None,
        approves=may_approve(request),
        officers=to_assign(console, view.incident.acknowledged_by),
        can_resolve=view.incident.state is not State.RESOLVED,
    )


async def _found(
    store: Store, number: int
) -> tuple[Evidence, Mapping[str, Tick], Campaign | None, list[IncidentView]]:
    """The incident, the steps of its runbook that are done, its campaign, and others of that."""
    evidence, done = await gather(store, number), await store.incidents.ticked(number)
    campaign = await store.campaigns.of_incident(number)
    fellows = [] if campaign is None else await store.incidents.list(campaign=campaign.id, limit=FELLOWS + 1)
    return evidence, done, campaign, fellows


def may_approve(request: web.Request) -> bool:
    role = visitor_of(request).role
    return acting(request) is not None and role is not None and role.covers(Role.APPROVER)


def to_assign(console: Console, holder: str | None) -> list[tuple[Officer, bool]]:
    """Whom an incident can be assigned to, and whether they are on duty: those first."""
    roster = console.roster()
    here = on_duty(roster, console.clock())
    officers = [officer for officer in roster.officers if officer.key != holder]
    return sorted(((officer, officer in here) for officer in officers), key=lambda each: not each[1])


def story(signals: list[Signal], words: Words) -> str:
    """What happened in one sentence: the strongest signs, and how many there are besides."""
    strong = [signal for signal in signals if signal.points > 0] or signals
    if not strong:
        return ""
    told = "; ".join(words.sentence(signal) for signal in strong[:TOLD])
    told = told[:1].upper() + told[1:]
    more = len(strong) - TOLD
    if more > 0:
        told += words._("; and {count} more signs").format(count=more)
    return told + "."
