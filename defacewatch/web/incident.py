"""One incident: before and after, what was seen, what happened, and who was told."""

from aiohttp import web

from defacewatch.notify.content import campaign_code, common
from defacewatch.runbooks import runbook_for
from defacewatch.web.console import console_of, words_of
from defacewatch.web.evidence import gather

FULL_POINTS = 100.0  # points at which a signal's bar is full


async def incident_page(request: web.Request) -> web.Response:
    console, words = console_of(request), words_of(request)
    evidence = await gather(console.store, int(request.match_info["id"]))
    verdict = evidence.proof.verdict
    view = evidence.view
    runbook = runbook_for(console.runbooks(), view.portal.key, view.incident.verdict)
    signals = sorted(verdict.signals if verdict else (), key=lambda signal: -signal.points)
    campaign = await console.store.campaigns.of_incident(view.incident.id)
    return console.renderer.page(
        "incident.html",
        words,
        incident=evidence.view.incident,
        portal=evidence.view.portal,
        page=evidence.view.page,
        proof=evidence.proof,
        capture=evidence.capture,
        signals=signals,
        score=verdict.score if verdict else 0.0,
        timeline=evidence.timeline,
        steps=runbook.steps,
        done=await console.store.incidents.ticked(view.incident.id),
        deliveries=evidence.deliveries,
        full=FULL_POINTS,
        campaign=campaign,
        campaign_code=campaign_code(campaign.id) if campaign else None,
        common=common(campaign.because, words._) if campaign else None,
    )
