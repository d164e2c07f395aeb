"""Incidents, campaigns and deliveries: see them, take them, close them."""

from http import HTTPStatus
from typing import Annotated, Literal

from aiohttp import hdrs, web
from pydantic import Field

from defacewatch import shapes
from defacewatch.approving import check_known
from defacewatch.campaigns import Campaign
from defacewatch.deadlines import clocks
from defacewatch.dossier import archive_of, files_of
from defacewatch.errors import NotFound, UsageError
from defacewatch.evidence import gather
from defacewatch.incidents import Resolution, Shown, State
from defacewatch.runbooks import runbook_for
from defacewatch.store.incidents import IncidentView
from defacewatch.web.api import lines
from defacewatch.web.api.acting import VIA, program, signs_as
from defacewatch.web.api.cursors import number, part
from defacewatch.web.api.described import File, get, post
from defacewatch.web.api.shared import Body, Number, Pages, Said, Text, Word
from defacewatch.web.console import console_of, words_of

TAG = "incidents"


class OfIncidents(Pages):
    state: Annotated[tuple[State, ...], Field(description="Several times for several.")] = ()
    page: Word | None = None
    campaign: Number | None = None


class OfDeliveries(Pages):
    incident: Number | None = None


class Remark(Body):
    text: Said


class Assigning(Body):
    officer: Annotated[Word, Field(description="An officer's key.")]


class Closing(Body):
    """`restored` needs a clean check, `legitimate` an approved baseline that matches; `false-alarm` mutes
    that exact difference, and needs a reason and what was `seen`: 409 where differences came later."""

    as_: Annotated[
        Literal[Resolution.RESTORED, Resolution.FALSE_ALARM, Resolution.LEGITIMATE], Field(alias="as")
    ]
    reason: Text = ""
    seen: Annotated[
        Number | None,
        Field(description="The `id` of the last line of the timeline that whoever judges has been shown."),
    ] = None


class Ticking(Body):
    step: Annotated[int, Field(ge=1, le=1000, description="The step's number in the runbook.")]
    done: bool = True


@get("/incidents", lines.Incidents, tag=TAG)
async def incidents(request: web.Request, query: OfIncidents) -> web.Response:
    """The incidents, newest first."""
    found = await console_of(request).store.incidents.list(
        states=query.state or None,
        page=query.page,
        campaign=query.campaign,
        limit=query.limit + 1,
        before=number("incidents", query.cursor),
    )
    return part(request, "incidents", query, found, _line, lambda view: (view.incident.id,))


@get("/incidents/{id}", lines.IncidentShown, tag=TAG)
async def incident(request: web.Request) -> shapes.Line:
    """One incident, with its signals, timeline, deliveries and runbook."""
    return await _shown(request)


@get("/incidents/{id}/export", File("application/gzip", "A .tar.gz."), tag=TAG)
async def export(request: web.Request) -> web.StreamResponse:
    """The incident with its evidence: documents (as text), pictures, hashes. As `incidents export`."""
    console, wanted = console_of(request), _wanted(request)
    files = await files_of(console.store, wanted, words_of(request)._)
    body = await archive_of(wanted, files, console.clock())
    named = f'attachment; filename="incident-{wanted}.tar.gz"'
    return web.Response(body=body, content_type="application/gzip", headers={hdrs.CONTENT_DISPOSITION: named})


@post("/incidents/{id}/acknowledge", lines.IncidentLine, tag=TAG)
async def acknowledge(request: web.Request) -> shapes.Line:
    """Take an incident; 409 when somebody has it."""
    console, wanted = console_of(request), _wanted(request)
    await console.store.incidents.acknowledge(
        wanted, by=signs_as(request), via=VIA, now=console.clock(), program=program(request)
    )
    console.wake()
    return _line(await console.store.incidents.get(wanted))


@post("/incidents/{id}/comment", lines.Commented, tag=TAG, status=HTTPStatus.CREATED, also=())
async def comment(request: web.Request, body: Remark) -> shapes.Line:
    """Add a remark to the timeline."""
    console, wanted = console_of(request), _wanted(request)
    by, now = signs_as(request), console.clock()
    await console.store.incidents.comment(
        wanted, by=by, text=body.text, via=VIA, now=now, program=program(request)
    )
    return {"incident": wanted}


@post("/incidents/{id}/assign", lines.IncidentLine, tag=TAG)
async def assign(request: web.Request, body: Assigning) -> shapes.Line:
    """Give an incident to an officer, who hears of it."""
    console, wanted = console_of(request), _wanted(request)
    if all(officer.key != body.officer for officer in console.roster().officers):
        raise NotFound(f"no officer {body.officer!r} in the roster")
    by, now = signs_as(request), console.clock()
    await console.store.incidents.assign(
        wanted, to=body.officer, by=by, via=VIA, now=now, program=program(request)
    )
    console.wake()
    return _line(await console.store.incidents.get(wanted))


@post("/incidents/{id}/resolve", lines.IncidentLine, tag=TAG)
async def resolve(request: web.Request, body: Closing) -> shapes.Line:
    """Close an incident; 409 where the page does not allow it."""
    console, wanted = console_of(request), _wanted(request)
    if body.as_ is Resolution.FALSE_ALARM and not body.reason.strip():
        raise UsageError("a false alarm needs a reason")
    if body.as_ is Resolution.FALSE_ALARM and body.seen is None:
        raise UsageError("a false alarm needs `seen`: the id of the timeline's last line that was looked at")
    if body.as_ is Resolution.FALSE_ALARM:
        portal = (await console.store.incidents.get(wanted)).portal
        check_known(signs_as(request), console.roster(), portal)
    await console.store.incidents.resolve(
        wanted,
        as_=body.as_,
        by=signs_as(request),
        reason=body.reason.strip(),
        via=VIA,
        now=console.clock(),
        shown=Shown(line=body.seen or 0),
        program=program(request),
    )
    console.wake()
    return _line(await console.store.incidents.get(wanted))


@post("/incidents/{id}/tick", lines.IncidentShown, tag=TAG, also=())
async def tick(request: web.Request, body: Ticking) -> shapes.Line:
    """Note that a step of the runbook is done, or is not after all."""
    console, wanted = console_of(request), _wanted(request)
    view = await console.store.incidents.get(wanted)
    steps = runbook_for(console.runbooks(), view.portal.key, view.incident.verdict).steps
    if body.step > len(steps):
        raise UsageError(f"the runbook has {len(steps)} steps")
    await console.store.incidents.tick(
        wanted,
        steps[body.step - 1].text,
        by=signs_as(request),
        now=console.clock(),
        via=VIA,
        undo=not body.done,
        program=program(request),
    )
    return await _shown(request)


@get("/campaigns", lines.Campaigns, tag=TAG)
async def campaigns(request: web.Request, query: Pages) -> web.Response:
    """Incidents that belong together, the newest campaign first."""
    before = number("campaigns", query.cursor)
    found = await console_of(request).store.campaigns.last(query.limit + 1, before=before)
    return part(request, "campaigns", query, found, _campaign, lambda one: (one.id,))


@get("/campaigns/{id}", lines.CampaignShown, tag=TAG)
async def campaign(request: web.Request) -> shapes.Line:
    """One campaign with its incidents, newest first."""
    store, wanted = console_of(request).store, _wanted(request)
    found = await store.campaigns.get(wanted)
    members = await store.campaigns.members(wanted)
    return {**_campaign(found), "incidents": [_line(view) for view in members]}


@post("/campaigns/{id}/acknowledge", lines.Taken, tag=TAG, also=())
async def acknowledge_campaign(request: web.Request) -> shapes.Line:
    """Take all incidents of a campaign that nobody has."""
    console, wanted = console_of(request), _wanted(request)
    await console.store.campaigns.get(wanted)
    members = [view.incident.id for view in await console.store.campaigns.members(wanted)]
    taken = await console.store.incidents.acknowledge_all(
        members, by=signs_as(request), via=VIA, now=console.clock(), program=program(request)
    )
    console.wake()
    return {"taken": [each.id for each in taken]}


@get("/deliveries", lines.Deliveries, tag=TAG)
async def deliveries(request: web.Request, query: OfDeliveries) -> web.Response:
    """What was sent to whom, on which channel, with its receipt; newest first."""
    found = await console_of(request).store.alerts.latest(
        query.limit + 1, before=number("deliveries", query.cursor), incident=query.incident
    )
    return part(request, "deliveries", query, found, shapes.delivery_line, lambda one: (one.id,))


async def _shown(request: web.Request) -> shapes.Line:
    console, translate = console_of(request), words_of(request)._
    evidence = await gather(console.store, _wanted(request))
    view, verdict = evidence.view, evidence.proof.verdict
    steps = runbook_for(console.runbooks(), view.portal.key, view.incident.verdict).steps
    done = await console.store.incidents.ticked(view.incident.id)
    return _line(view) | {
        "resolved_by": view.incident.resolved_by,
        "resolved_at": shapes.moment(view.incident.resolved_at),
        "intermittent": view.incident.intermittent,
        "previous": view.incident.previous,
        "capture": view.incident.capture,
        "before": evidence.proof.before,
        "after": evidence.proof.after,
        "signals": [shapes.signal_line(signal, translate) for signal in verdict.signals] if verdict else [],
        "timeline": [
            shapes.event_line(
                entry.event, at=entry.at, by=entry.by, via=entry.via, text=entry.text, number=entry.id
            )
            for entry in evidence.timeline
        ],
        "deliveries": [shapes.delivery_line(delivery) for delivery in evidence.deliveries],
        "runbook": [shapes.step_line(n, step, done.get(step.text)) for n, step in enumerate(steps, 1)],
        "clocks": [
            {"what": clock.what.value, "due": shapes.moment(clock.due), "stage": clock.stage(console.clock())}
            for clock in clocks(view.incident, console.roster().response, steps, done)
        ],
    }


def _line(view: IncidentView) -> shapes.Line:
    return shapes.incident_line(view.incident, view.portal, view.page, campaign=view.campaign)


def _campaign(campaign: Campaign) -> shapes.Line:
    return {
        "id": campaign.id,
        "opened_at": shapes.moment(campaign.opened_at),
        "trait": campaign.because.trait.value,
        "value": campaign.because.value,
        "outage": campaign.outage,
    }


def _wanted(request: web.Request) -> int:
    return int(request.match_info["id"])


OPERATIONS = (
    incidents,
    incident,
    export,
    acknowledge,
    assign,
    comment,
    resolve,
    tick,
    campaigns,
    campaign,
    acknowledge_campaign,
    deliveries,
)
