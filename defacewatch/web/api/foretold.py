"""How it stands, and who would be called: what the wall and the desk say of now and of later."""

from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Literal

from aiohttp import web
from pydantic import Field

from defacewatch import shapes
from defacewatch.alerts import AlertKind
from defacewatch.calling import Call
from defacewatch.errors import NotFound
from defacewatch.language import Sentence
from defacewatch.raising import RaisedWatch, upcoming
from defacewatch.web.api import foretoldlines as lines
from defacewatch.web.api.described import get
from defacewatch.web.api.moments import At
from defacewatch.web.api.shared import Query, Word
from defacewatch.web.console import console_of, words_of
from defacewatch.web.desk import roster_of
from defacewatch.web.front import worst_of
from defacewatch.web.preview import foretold as foretold_of
from defacewatch.web.preview import told
from defacewatch.web.wall import LIVE

TAG = "duty"
DAYS, LONGEST_DAYS = 60, 366


class Calling(Query):
    at: Annotated[At | None, Field(description="Now by default.")] = None
    kind: Annotated[
        Literal[
            AlertKind.DEFACED,
            AlertKind.CHANGED,
            AlertKind.UNREACHABLE,
            AlertKind.BLIND,
            AlertKind.BEHIND,
        ],
        Field(description="What happens."),
    ] = AlertKind.DEFACED
    portal: Annotated[Word | None, Field(description="On which portal; any usual one by default.")] = None


class Ahead(Query):
    days: Annotated[int, Field(ge=0, le=LONGEST_DAYS)] = DAYS


@get("/status", lines.Status, tag="watching")
async def status(request: web.Request, query: Query) -> shapes.Line:
    """How the watch stands, as the head of the wall says it: the worst that is the case, what is open, who is
    on duty, what is wrong with the monitor itself."""
    console, words = console_of(request), words_of(request)
    snapshot = await request.app[LIVE].look()
    front, pages = snapshot.front, snapshot.pages
    worst = worst_of(pages, front)

    def said(problem: Sentence) -> str:
        return problem.said(words._)

    return {
        "at": shapes.moment(console.clock()),
        "worst": None if worst is None else worst.value,
        "problems": [said(problem) for problem in front.problems],
        "duty": list(front.duty),
        "until": shapes.moment(front.until),
        "raised_watch": None if front.raised is None else front.raised[0],
        "coverage": front.coverage,
        "oldest_capture": shapes.moment(front.oldest),
        "uncaptured": front.uncaptured,
        "pages": len(pages),
        "paused": sum(page.paused for page in pages),
        "without_baseline": sum(not page.has_baseline for page in pages),
        "open": front.open,
        "acknowledged": front.taken,
        "drills": front.drills,
        "deliveries_waiting": front.waiting,
        "deliveries_failed": front.failed,
        "channels_tested": front.channels,
        "channels_unproved": [
            {"officer": proof.officer, "channel": proof.channel, "failed": proof.failed}
            for proof in front.unproved
        ],
    }


@get("/roster/calls", lines.Foretold, tag=TAG, also=(HTTPStatus.NOT_FOUND,))
async def calls(request: web.Request, query: Calling) -> shapes.Line:
    """Who would be called at a moment, step by step until somebody acknowledges, by the rules that the outbox
    itself goes by, on the roster as it stands now."""
    console, roster = console_of(request), await roster_of(request)
    portal = None if query.portal is None else await console.store.portals.get(query.portal)
    if portal is not None and not portal.enabled:
        raise NotFound(f"portal {portal.key} is disabled")
    at = query.at or console.clock()
    found = await foretold_of(console, roster, AlertKind(query.kind), portal, at)
    window = found.window
    return {
        "at": shapes.moment(found.at),
        "kind": found.kind.value,
        "portal": None if portal is None else portal.key,
        "paused": portal is not None and portal.paused,
        "urgency": found.urgency.value,
        "begins": shapes.moment(found.begins),
        "raised_watch": None if found.watch is None else _watch(found.watch),
        "window": None if window is None else window.id,
        "turns": [shapes.turn_line(turn) for turn in found.turns],
        "calls": [_call(call, call.at - found.at) for call in found.calls],
    }


@get("/roster/raised-watch", lines.RaisedWatches, tag=TAG)
async def raised_watch(request: web.Request, query: Ahead) -> shapes.Line:
    """The periods of raised watch that run or begin within so many days."""
    console, roster = console_of(request), await roster_of(request)
    today = console.clock().astimezone(roster.zone).date()
    found = upcoming(roster.raised_watch, roster.holiday_watch, today, days=query.days)
    return {"raised_watch": [_watch(one) for one in found]}


def _call(call: Call, after: timedelta) -> shapes.Line:
    shown = told(call, call.at)
    return {
        "at": shapes.moment(call.at),
        "after": after.total_seconds(),
        "to": list(call.to),
        "again": call.again,
        "officers": {key: list(channels) for key, channels in shown.people.items()},
        "webhooks": shown.hooks,
    }


def _watch(watch: RaisedWatch) -> shapes.Line:
    return {
        "name": watch.name,
        "from": watch.first.isoformat(),
        "to": watch.last.isoformat(),
        "probe_every": watch.probe_every.total_seconds() if watch.probe_every else None,
        "render_every": watch.render_every.total_seconds() if watch.render_every else None,
        "hasten": watch.hasten,
        "urgent_changes": watch.urgent_changes,
    }


OPERATIONS = (status, calls, raised_watch)
