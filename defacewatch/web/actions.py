"""What an officer does about an incident in the console: the same operations as by command and by bot."""

import re
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

import structlog
from aiohttp import hdrs, web

from defacewatch.approving import check_known, is_stranger
from defacewatch.audit import Actor as Named
from defacewatch.audit import Program
from defacewatch.baselines import Hurdle
from defacewatch.errors import Conflict, UsageError
from defacewatch.incidents import Resolution, Shown
from defacewatch.language import N_
from defacewatch.runbooks import runbook_for
from defacewatch.store.proposals import NEWER
from defacewatch.web.console import Actor, acting, console_of, words_of
from defacewatch.web.forms import fields_of
from defacewatch.web.incident import shown_incident
from defacewatch.web.review import HURDLES
from defacewatch.web.security import failure
from defacewatch.web.visitors import console_via

VIA = "console"
LONGEST = 1000  # characters of what is written
FORBIDDEN = N_("Only somebody who is signed in by name, with a right to, can do that.")

log = structlog.get_logger(__name__)
Action = Callable[[web.Request, int, Actor, Mapping[str, object]], Awaitable[None]]


async def act(request: web.Request) -> web.Response:
    """One of `ACTIONS`; afterwards the incident's page, with what was in the way where something was."""
    name, incident = request.match_info["action"], int(request.match_info["id"])
    action = ACTIONS.get(name)
    if action is None:
        raise web.HTTPNotFound
    actor = acting(request)
    same_site = request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
    if actor is None or not same_site:
        log.warning("an action was refused", action=name, incident=incident, remote=request.remote)
        return failure(request, HTTPStatus.FORBIDDEN, words_of(request)._(FORBIDDEN))
    fields = await fields_of(request)
    try:
        await action(request, incident, actor, fields)
    except (Conflict, UsageError) as problem:
        log.info("an action was not possible", action=name, incident=incident, by=actor.key)
        given = {name: _text(fields, "text")}
        said = words_of(request).refusal(problem)
        return await shown_incident(request, incident, problem=said, given=given)
    log.info("acted", action=name, incident=incident, by=actor.key, via=VIA)
    console_of(request).wake()
    return web.Response(
        status=HTTPStatus.SEE_OTHER, headers={hdrs.LOCATION: f"/incidents/{incident}#actions"}
    )


async def back(request: web.Request) -> web.Response:
    """Whoever comes to the address of an action by a link or a reload: the incident."""
    return web.Response(
        status=HTTPStatus.SEE_OTHER, headers={hdrs.LOCATION: f"/incidents/{request.match_info['id']}"}
    )


def _text(fields: Mapping[str, object], name: str) -> str:
    return str(fields.get(name, "")).strip()[:LONGEST]


def _program(request: web.Request, actor: Actor) -> Program:
    """As the audit log names who acts: the officer, with the account."""
    return Program(Named(actor.key, console_via(request)), None)


def _needed(fields: Mapping[str, object], name: str) -> str:
    text = _text(fields, name)
    if not text:
        raise UsageError(N_("Write something first."))
    return text


async def _acknowledge(request: web.Request, incident: int, actor: Actor, _: Mapping[str, object]) -> None:
    console = console_of(request)
    await console.store.incidents.acknowledge(
        incident, by=actor.key, via=VIA, now=console.clock(), program=_program(request, actor)
    )


async def _comment(request: web.Request, incident: int, actor: Actor, fields: Mapping[str, object]) -> None:
    console = console_of(request)
    text = _needed(fields, "text")
    await console.store.incidents.comment(
        incident, by=actor.key, text=text, now=console.clock(), via=VIA, program=_program(request, actor)
    )


def _resolving(as_: Resolution, *, reason: bool) -> Action:
    async def resolve(
        request: web.Request, incident: int, actor: Actor, fields: Mapping[str, object]
    ) -> None:
        console = console_of(request)
        text = _needed(fields, "text") if reason else _text(fields, "text")
        if as_ is Resolution.FALSE_ALARM:
            portal = (await console.store.incidents.get(incident)).portal
            check_known(actor.key, console.roster(), portal)
        seen = _text(fields, "seen")
        shown = Shown(line=int(seen) if re.fullmatch(r"\d{1,18}", seen, re.ASCII) else 0)
        await console.store.incidents.resolve(
            incident,
            as_=as_,
            by=actor.key,
            now=console.clock(),
            reason=text,
            via=VIA,
            shown=shown,
            program=_program(request, actor),
        )

    return resolve


async def _propose(request: web.Request, incident: int, actor: Actor, fields: Mapping[str, object]) -> None:
    """Propose the capture that the page showed, and no later one."""
    console = console_of(request)
    view = await console.store.incidents.get(incident)
    capture = _needed(fields, "capture")
    if capture != view.incident.capture:
        raise Conflict(NEWER)
    if is_stranger(actor.key, console.roster(), view.portal):
        raise Conflict(HURDLES[Hurdle.NO_OFFICER])
    await console.store.baselines.propose(
        capture, by=actor.key, now=console.clock(), via=console_via(request), roster=console.roster()
    )


async def _assign(request: web.Request, incident: int, actor: Actor, fields: Mapping[str, object]) -> None:
    console = console_of(request)
    to = _needed(fields, "officer")
    if all(officer.key != to for officer in console.roster().officers):
        raise UsageError(N_("The roster has no such officer any more."))
    await console.store.incidents.assign(
        incident, to=to, by=actor.key, via=VIA, now=console.clock(), program=_program(request, actor)
    )


async def _tick(request: web.Request, incident: int, actor: Actor, fields: Mapping[str, object]) -> None:
    console = console_of(request)
    view = await console.store.incidents.get(incident)
    step = _needed(fields, "step")
    known = runbook_for(console.runbooks(), view.portal.key, view.incident.verdict).steps
    if step not in {some.text for some in known}:
        raise UsageError(N_("The runbook has no such step any more."))
    undo = fields.get("undo") == "1"
    await console.store.incidents.tick(
        incident,
        step,
        by=actor.key,
        now=console.clock(),
        via=VIA,
        undo=undo,
        program=_program(request, actor),
    )


ACTIONS: Mapping[str, Action] = {
    "acknowledge": _acknowledge,
    "comment": _comment,
    "false-alarm": _resolving(Resolution.FALSE_ALARM, reason=True),
    "restored": _resolving(Resolution.RESTORED, reason=False),
    "assign": _assign,
    "propose": _propose,
    "tick": _tick,
}
