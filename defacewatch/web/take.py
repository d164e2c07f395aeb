"""The link in a message by which an officer takes an incident, or confirms a handover and so proves the
channel that it came by. Programs that look through mail open links, so opening it shows a button and does
nothing."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import structlog
from aiohttp import web

from defacewatch.alerts import Delivery, handover_of
from defacewatch.errors import Conflict, NotFound
from defacewatch.gathering import Entry
from defacewatch.incidents import State
from defacewatch.language import LANGUAGES
from defacewatch.notify.content import incident_code
from defacewatch.notify.sayings import HEADLINES
from defacewatch.rostering import names
from defacewatch.signing import signature
from defacewatch.web.access import same
from defacewatch.web.console import LANGUAGE_COOKIE, Console, console_of, language_of
from defacewatch.web.forms import fields_of
from defacewatch.web.security import TAKE, failure, forged
from defacewatch.web.words import Words

log = structlog.get_logger(__name__)

ROUTE = TAKE + r"{delivery:\d{1,18}}/{ends:\d{1,12}}/{token:[0-9a-f]{40}}"
LASTS = timedelta(hours=24)  # from when its message was first to be sent


@dataclass(frozen=True)
class Asked:
    """A link that was opened: the delivery that carried it, and the incident, the handover, or the message
    with several incidents that it is for."""

    delivery: Delivery
    incident: int | None
    handover: int | None = None
    message: int | None = None


def take_url(public_url: str, secret_key: bytes) -> Callable[[Delivery], str]:
    """What makes the address of the link in a delivery's message."""

    def url(delivery: Delivery) -> str:
        ends = int((delivery.created_at + LASTS).timestamp())
        return f"{public_url}{TAKE}{delivery.id}/{ends}/{_sign(secret_key, delivery.id, ends)}"

    return url


async def show(request: web.Request) -> web.Response:
    """The incident, and a button where it can be taken."""
    asked = await _asked(request)
    return asked if isinstance(asked, web.Response) else await _page(request, asked)


async def take(request: web.Request) -> web.Response:
    """Take the incident for the officer whom the message went to. Too late, or again, it says who has it."""
    asked = await _asked(request)
    if isinstance(asked, web.Response):
        return asked
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        log.warning("a link was pressed from another site", delivery=asked.delivery.id, remote=request.remote)
        return failure(request, HTTPStatus.FORBIDDEN)
    console, officer, via = console_of(request), asked.delivery.officer or "", asked.delivery.channel
    if asked.handover is not None:
        again = await _is_confirmed(console, asked.handover, officer, via)
        await console.store.handovers.confirm(
            asked.handover, officer=officer, via=via, now=console.clock(), channel=via
        )
        event = "a handover was confirmed already" if again else "handover confirmed"
        log.info(event, handover=asked.handover, by=officer, via=via)
        return await _page(request, asked, done=True)
    if asked.message is not None:
        return await _take_all(request, asked, asked.message)
    assert asked.incident is not None
    try:
        await console.store.incidents.acknowledge(asked.incident, by=officer, via=via, now=console.clock())
    except Conflict as stands:
        log.info("an incident was taken already", delivery=asked.delivery.id, by=officer, stands=str(stands))
        return await _page(request, asked)
    log.info("incident taken", incident=asked.incident, by=officer, via=via)
    console.wake()
    return await _page(request, asked, done=True)


async def _take_all(request: web.Request, asked: Asked, message: int) -> web.Response:
    console, officer, via = console_of(request), asked.delivery.officer or "", asked.delivery.channel
    carried = await console.store.messages.carried(message)
    up_to = _shown(await fields_of(request))
    told = [entry.incident.id for entry in carried if entry.incident is not None]
    numbers = [number for number in told if number <= up_to]
    taken = await console.store.incidents.acknowledge_all(numbers, by=officer, via=via, now=console.clock())
    log.info("incidents taken", incidents=[incident.id for incident in taken], by=officer, via=via)
    console.wake()
    return await _message_page(request, asked, message, taken=len(taken))


async def _is_confirmed(console: Console, handover: int, officer: str, channel: str) -> bool:
    """Whether there is nothing left for an officer to say on a channel."""
    tests = await console.store.channel_tests.of(handover)
    left = [(test.officer, test.channel) for test in tests if test.acknowledged_at is None]
    return (
        officer in (await console.store.handovers.get(handover)).confirmed and (officer, channel) not in left
    )


async def _asked(request: web.Request) -> Asked | web.Response:
    """What a link is for, or why it is refused. Wrong ones are all alike, and few are answered."""
    console = console_of(request)
    number, ends = int(request.match_info["delivery"]), int(request.match_info["ends"])
    if not same(request.match_info["token"], _sign(console.secret_key, number, ends)):
        return forged(request)
    if console.clock() >= datetime.fromtimestamp(ends, UTC):
        log.info("a link that has ended was refused", delivery=number, remote=request.remote)
        return failure(
            request,
            HTTPStatus.GONE,
            _words(request, None)._("This link has ended. Take the incident in the console or by Telegram."),
        )
    try:
        delivery = await console.store.alerts.delivery(number)
        told = await console.store.alerts.facts(delivery.alert)
    except NotFound:
        return failure(request, HTTPStatus.NOT_FOUND)
    handover = handover_of(told.alert)
    incident = told.incident.id if told.incident else None
    known = console.roster().officer(delivery.officer or "") is not None
    if not known or (incident is None and handover is None and delivery.message is None):
        log.warning("a link of somebody who is no officer was refused", delivery=number)
        return failure(request, HTTPStatus.GONE)
    return Asked(delivery, incident, handover, delivery.message)


async def _page(request: web.Request, asked: Asked, *, done: bool = False) -> web.Response:
    console = console_of(request)
    if asked.handover is not None:
        return await _handover_page(request, asked, asked.handover)
    if asked.message is not None:
        return await _message_page(request, asked, asked.message)
    told = await console.store.alerts.facts(asked.delivery.alert)
    roster = console.roster()
    incident, officer = told.incident, roster.officer(asked.delivery.officer or "")
    assert incident is not None
    holder = roster.officer(incident.acknowledged_by or "")
    return console.renderer.page(
        "take.html",
        _words(request, officer.language if officer else None),
        code=incident_code(incident.id),
        headline=HEADLINES[told.alert.kind],
        incident=incident,
        portal=told.portal,
        page=told.page,
        officer=officer,
        holder=holder.name if holder else incident.acknowledged_by,
        is_open=incident.state is State.OPEN,
        done=done,
    )


async def _message_page(request: web.Request, asked: Asked, message: int, *, taken: int = 0) -> web.Response:
    """What a message tells of, and a button where some of it can be taken."""
    console, roster = console_of(request), console_of(request).roster()
    officer = roster.officer(asked.delivery.officer or "")
    entries = await console.store.messages.carried(message)
    return console.renderer.page(
        "takeall.html",
        _words(request, officer.language if officer else None),
        entries=[entry for entry in entries if entry.incident is not None],
        up_to=max((entry.incident.id for entry in entries if entry.incident is not None), default=0),
        waiting=sum(e.incident is not None and e.incident.state is State.OPEN for e in entries),
        holders=names(roster, sorted(holders_of(entries))),
        officer=officer,
        taken=taken,
    )


async def _handover_page(request: web.Request, asked: Asked, number: int) -> web.Response:
    console, officer = console_of(request), asked.delivery.officer or ""
    handover, roster = await console.store.handovers.get(number), console.roster()
    someone = roster.officer(officer)
    mine = [test for test in await console.store.channel_tests.of(number) if test.officer == officer]
    left = [test.channel for test in mine if test.acknowledged_at is None]
    return console.renderer.page(
        "handover.html",
        _words(request, someone.language if someone else None),
        handover=handover,
        outgoing=names(roster, handover.outgoing),
        incoming=names(roster, handover.incoming),
        missing=names(roster, handover.missing),
        confirmed=officer in handover.confirmed,
        unproved=asked.delivery.channel in left,
        elsewhere=[channel for channel in left if channel != asked.delivery.channel],
        officer=someone,
    )


def _shown(form: Mapping[str, object]) -> int:
    """The highest incident that the page with the button told of: what came later is not taken with it."""
    given = str(form.get("up_to", ""))
    return int(given) if given.isascii() and given.isdigit() and len(given) <= 18 else 0


def holders_of(entries: Iterable[Entry]) -> set[str]:
    """Who has the incidents of which a message tells."""
    return {
        entry.incident.acknowledged_by
        for entry in entries
        if entry.incident is not None and entry.incident.acknowledged_by is not None
    }


def _words(request: web.Request, language: str | None) -> Words:
    """In the reader's choice, else the officer's language, else the configured one."""
    console: Console = console_of(request)
    choices = (request.query.get("lang"), request.cookies.get(LANGUAGE_COOKIE))
    chosen = language_of(request) if any(choice in LANGUAGES for choice in choices) else language
    return Words(chosen or console.language, console.zone, console.clock())


def _sign(secret_key: bytes, delivery: int, ends: int) -> str:
    return signature(secret_key, "take", delivery, ends)
