"""Who would be called: the steps of an alert at a chosen time, as the outbox would take them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from defacewatch.alerts import Alert, AlertKind, urgency_for
from defacewatch.calling import Call, calls
from defacewatch.errors import DefacewatchError, NotFound, UsageError
from defacewatch.language import N_
from defacewatch.portals import Portal, Urgency
from defacewatch.raising import RaisedWatch
from defacewatch.roster import ON_DUTY, PRIMARY, SECONDARY, Duty, Roster, raised, told_from
from defacewatch.shifts import Turn, turns_at
from defacewatch.verdicts import Verdict, VerdictKind
from defacewatch.web.console import Console, console_of, words_of
from defacewatch.web.desk import local, page, roster_of, whole, written
from defacewatch.windows import Window, is_expected

KINDS = {
    AlertKind.DEFACED: N_("Suspected attack"),
    AlertKind.CHANGED: N_("Unusual change"),
    AlertKind.UNREACHABLE: N_("Unreachable"),
    AlertKind.BLIND: N_("The monitor cannot see"),
    AlertKind.BEHIND: N_("The monitor does not keep up"),
}
OF_PAGES = {
    AlertKind.DEFACED: VerdictKind.DEFACED,
    AlertKind.CHANGED: VerdictKind.CHANGED,
    AlertKind.UNREACHABLE: VerdictKind.UNREACHABLE,
}
ANY = Portal("", "")  # as portals are where nothing else is said
TO = {
    ON_DUTY: N_("all on duty"),
    PRIMARY: N_("those on duty who are told first"),
    SECONDARY: N_("those on duty besides"),
    Duty.OFFICER: N_("all officers"),
    Duty.SHIFT_LEAD: N_("the shift lead"),
    Duty.LEADERSHIP: N_("the leadership"),
    Duty.ADMIN: N_("the administrators"),
}


@dataclass(frozen=True)
class Foretold:
    """What an alert of a `kind` at a moment would lead to, on a `portal` or any usual one: from when on
    people are told, in which steps, on what raised watch, by which turns; `window` is the announced one in
    which it would wake nobody."""

    at: datetime
    kind: AlertKind
    portal: Portal | None
    urgency: Urgency
    begins: datetime
    calls: Sequence[Call]
    watch: RaisedWatch | None
    turns: Sequence[Turn]
    window: Window | None


@dataclass(frozen=True)
class Told:
    """A step as it is shown: who is told on which channels, and which webhooks."""

    call: Call
    after: int  # minutes from the alert
    people: Mapping[str, list[str]]
    hooks: list[str]


async def show(request: web.Request) -> web.Response:
    console, words, roster = console_of(request), words_of(request), await roster_of(request)
    portals = [portal for portal in await console.store.portals.all() if portal.enabled]
    problem: DefacewatchError | None = None
    kind, portal, now = AlertKind.DEFACED, None, console.clock()
    at = whole(now, console.zone)
    try:
        kind = _kind(request.query.get("kind", AlertKind.DEFACED.value))
        portal = _portal(portals, request.query.get("portal", ""))
        if "at" in request.query:
            at = local(request.query["at"], console.zone)
    except DefacewatchError as wrong:
        problem = wrong
    found = await foretold(console, roster, kind, portal, at)
    return page(
        request,
        "desk_preview.html",
        "preview",
        roster,
        problem=problem,
        at=at,
        given=written(at, console.zone),
        kind=kind,
        portal=portal,
        portals=sorted(portals, key=lambda one: one.name),
        kinds={one.value: words._(text) for one, text in KINDS.items()},
        steps=[] if problem else [told(call, at) for call in found.calls],
        to_name=lambda to: words._(TO[to]) if to in TO else None,
        waits=found.begins if found.begins > at else None,
        watch=found.watch,
        turns=found.turns,
        window=found.window,
        channels=sorted(console.sending().channels),
    )


async def foretold(
    console: Console, roster: Roster, kind: AlertKind, portal: Portal | None, at: datetime
) -> Foretold:
    """Who would be called, by the rules that the outbox itself goes by."""
    urgency = urgency_for(kind, portal or ANY) if kind in OF_PAGES else Urgency.HIGH
    alert = Alert(0, kind, urgency, at)
    return Foretold(
        at,
        kind,
        portal,
        urgency,
        begins=told_from(roster, alert.about, urgency, at),
        calls=list(calls(alert, roster, console.sending())),
        watch=raised(roster, at),
        turns=turns_at(roster, at),
        window=await _window(console, portal, kind, at),
    )


def told(call: Call, at: datetime) -> Told:
    people: defaultdict[str, list[str]] = defaultdict(list)
    for wanted in call.wanted:
        if wanted.officer is not None:
            people[wanted.officer].append(wanted.channel)
    hooks = [wanted.channel for wanted in call.wanted if wanted.officer is None]
    return Told(call, round((call.at - at).total_seconds() / 60), people, hooks)


def _kind(text: str) -> AlertKind:
    found = next((kind for kind in KINDS if kind.value == text), None)
    if found is None:
        raise UsageError(N_("There is no such kind of alert."))
    return found


def _portal(portals: list[Portal], key: str) -> Portal | None:
    found = next((portal for portal in portals if portal.key == key), None)
    if key and found is None:
        raise NotFound(N_("there is no portal {portal}"), portal=key)
    return found


async def _window(console: Console, portal: Portal | None, kind: AlertKind, at: datetime) -> Window | None:
    """The announced window in which such a verdict would wake nobody."""
    if portal is None or kind not in OF_PAGES:
        return None
    there = await console.store.windows.running(at, portal=portal.key)
    verdict = Verdict(OF_PAGES[kind])
    return next((window for window in there if is_expected(window, verdict)), None)
