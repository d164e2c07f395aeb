"""The duty desk: who is on duty when, leave and swaps, announcements, handovers, figures."""

from collections.abc import Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import Field

from defacewatch import shapes
from defacewatch.errors import UsageError
from defacewatch.figures import Period, figures_of
from defacewatch.reports.lines import figures_line
from defacewatch.roster import on_duty
from defacewatch.rostering import REASON, findings, on_leave, swapped, uncovered
from defacewatch.shifts import Absence, turns
from defacewatch.web.api import dutylines as lines
from defacewatch.web.api.acting import VIA, officer, signs_as, source
from defacewatch.web.api.cursors import moment, number, part
from defacewatch.web.api.described import get, post
from defacewatch.web.api.moments import At, Day
from defacewatch.web.api.shared import Body, Pages, Query, Said, Text, Word
from defacewatch.web.console import console_of
from defacewatch.web.desk import arranging, officer_of, refused, roster_of
from defacewatch.windows import Window, checked

TAG = "duty"
DAYS, LONGEST_DAYS = 7, 400


class AtMoment(Query):
    at: Annotated[At | None, Field(description="Now by default.")] = None


class Stretch(Query):
    start: Annotated[At | None, Field(alias="from", description="Now by default.")] = None
    days: Annotated[int, Field(ge=1, le=LONGEST_DAYS)] = DAYS


class OfWindows(Pages):
    portal: Word | None = None


class OfFigures(Query):
    first: Annotated[Day | None, Field(alias="from", description="The first local day.")] = None
    last: Annotated[Day | None, Field(alias="to", description="The last one; the last month by default.")] = (
        None
    )


class Leave(Body):
    officer: Annotated[Word, Field(description="The officer's key.")]
    start: Annotated[At, Field(alias="from")]
    end: Annotated[At, Field(alias="to")]
    instead: Annotated[Word | None, Field(description="Who stands in, by key.")] = None
    reason: Annotated[Said, Field(max_length=REASON)]


class Swap(Body):
    """Somebody takes another's turn that runs at a moment, and gives the one that runs at `back` for it."""

    officer: Word
    instead: Word
    at: At
    back: At | None = None
    reason: Annotated[Said, Field(max_length=REASON)]


class Announcing(Body):
    portal: Word
    start: Annotated[At, Field(alias="from")]
    end: Annotated[At, Field(alias="to", description="At most seven days later.")]
    reason: Said
    contact: Text = ""


@get("/duty", lines.OnDuty, tag=TAG)
async def duty(request: web.Request, query: AtMoment) -> shapes.Line:
    """Who is on duty, now or at a moment. How they are reached is for officers to see."""
    console = console_of(request)
    at = query.at or console.clock()
    officers = [shapes.officer_line(one) for one in on_duty(console.roster(), at)]
    return {"at": shapes.moment(at), "officers": officers}


@get("/roster", lines.Officers, tag=TAG)
async def roster(request: web.Request) -> shapes.Line:
    """All officers. How they are reached is for officers to see."""
    return {"officers": [shapes.officer_line(one) for one in console_of(request).roster().officers]}


@get("/roster/turns", lines.Turns, tag=TAG)
async def roster_turns(request: web.Request, query: Stretch) -> shapes.Line:
    """Who has which turn when, leave and swaps included."""
    console = console_of(request)
    start = query.start or console.clock()
    found = turns(console.roster(), start, start + timedelta(days=query.days))
    return {"turns": [shapes.turn_line(turn) for turn in found]}


@get("/roster/findings", lines.Findings, tag=TAG)
async def roster_findings(request: web.Request, query: Stretch) -> shapes.Line:
    """What is wrong with the roster: gaps, double turns, leave without a stand-in, officers without a
    channel."""
    console = console_of(request)
    start = query.start or console.clock()
    end, usable = start + timedelta(days=query.days), console.sending().channels
    found = findings(console.roster(), start, end, usable)
    return {"findings": [shapes.finding_line(one) for one in found]}


@get("/absences", lines.Absences, tag=TAG)
async def absences(request: web.Request, query: Pages) -> web.Response:
    """Leave and swaps that were entered, newest first, those withdrawn included."""
    before = number("absences", query.cursor)
    found = await console_of(request).store.absences.latest(query.limit + 1, before=before)
    return part(request, "absences", query, found, shapes.absence_line, lambda one: (one.absence.id,))


@post("/absences", lines.Entered, tag=TAG, status=HTTPStatus.CREATED)
async def leave(request: web.Request, body: Leave) -> shapes.Line:
    """Enter that an officer is away: oneself, or others for whoever arranges (shift leads, administrators).
    The turns that are left without anybody are named."""
    known = await roster_of(request)
    absence = on_leave(known, body.officer, body.start, body.end, instead=body.instead, reason=body.reason)
    empty = uncovered(known, absence)
    return await _entered(request, (absence,)) | {"uncovered": [shapes.turn_line(turn) for turn in empty]}


@post("/swaps", lines.Entered, tag=TAG, status=HTTPStatus.CREATED)
async def swap(request: web.Request, body: Swap) -> shapes.Line:
    """One officer takes another's turn, and may give one for it."""
    known = await roster_of(request)
    halves = swapped(known, body.officer, body.at, body.instead, back=body.back, reason=body.reason)
    return await _entered(request, halves) | {"uncovered": []}


@post("/absences/{id}/withdraw", lines.Withdrawn, tag=TAG)
async def withdraw(request: web.Request) -> shapes.Line:
    """Withdraw leave, or both halves of a swap: one's own, or those of others for whoever arranges."""
    console, wanted = console_of(request), int(request.match_info["id"])
    whole = await console.store.absences.whole(wanted)
    if not any([await _may(request, [one.absence]) for one in whole]):
        raise refused(request, of=whole[0].absence.officer)
    gone = await console.store.absences.withdraw(
        wanted, by=signs_as(request), now=console.clock(), via=source(request)
    )
    return {"withdrawn": list(gone)}


@get("/windows", lines.Windows, tag=TAG)
async def windows(request: web.Request, query: OfWindows) -> web.Response:
    """Maintenance windows and announced updates, newest first, those withdrawn included."""
    before = number("windows", query.cursor)
    store = console_of(request).store.windows
    found = await store.latest(query.limit + 1, before=before, portal=query.portal)
    return part(request, "windows", query, found, shapes.window_line, lambda one: (one.window.id,))


@post("/windows", lines.Announced, tag=TAG, status=HTTPStatus.CREATED)
async def announce(request: web.Request, body: Announcing) -> shapes.Line:
    """Let changes of a portal pass for a time; what speaks of an attack is still told at once."""
    console, now = console_of(request), console_of(request).clock()
    window = Window(body.portal, body.start, body.end, signs_as(request), body.reason, body.contact, VIA)
    made = await console.store.windows.announce(checked(window, now), now=now, source=source(request))
    console.wake()
    return {"window": made}


@post("/windows/{id}/withdraw", lines.Withdrawn, tag=TAG)
async def call_off(request: web.Request) -> shapes.Line:
    """Withdraw an announcement. What it let pass is looked at afresh."""
    console, wanted = console_of(request), int(request.match_info["id"])
    await console.store.windows.withdraw(
        wanted, by=signs_as(request), now=console.clock(), via=source(request)
    )
    return {"withdrawn": [wanted]}


@get("/handovers", lines.Handovers, tag=TAG)
async def handovers(request: web.Request, query: Pages) -> web.Response:
    """Changes of shift: who went, who came, who has confirmed; newest first."""
    before = moment("handovers", query.cursor)
    found = await console_of(request).store.handovers.last(query.limit + 1, before=before)
    return part(request, "handovers", query, found, shapes.handover_line, lambda one: (one.at,))


@get("/handovers/{id}", lines.HandoverLine, tag=TAG)
async def handover(request: web.Request) -> shapes.Line:
    """One change of shift, with what was left."""
    found = await console_of(request).store.handovers.get(int(request.match_info["id"]))
    return shapes.handover_line(found)


@post("/handovers/{id}/confirm", lines.HandoverLine, tag=TAG)
async def confirm(request: web.Request) -> shapes.Line:
    """Confirm a handover, as the officer whose token it is."""
    console, wanted = console_of(request), int(request.match_info["id"])
    done = await console.store.handovers.confirm(
        wanted, officer=await officer(request), via=VIA, now=console.clock(), source=source(request)
    )
    return shapes.handover_line(done)


@get("/figures", lines.FiguresLine, tag=TAG)
async def figures(request: web.Request, query: OfFigures) -> shapes.Line:
    """The figures of the duty desk over a period of local days, as `report --format json`."""
    console, now = console_of(request), console_of(request).clock()
    zone = ZoneInfo(console.zone)
    period = Period.month_before(now, zone)
    if query.first is not None:
        period = Period(query.first, query.last or now.astimezone(zone).date(), zone)
    elif query.last is not None:
        raise UsageError("from is missing beside to")
    if not timedelta(0) <= period.last - period.first < timedelta(days=LONGEST_DAYS):
        raise UsageError(f"a period begins before it ends, and has at most {LONGEST_DAYS} days")
    return figures_line(figures_of(await console.store.duty.happened(period), period, now))


async def _may(request: web.Request, some: Sequence[Absence]) -> bool:
    """Whether whoever asks may enter these: their own, or anything for whoever arranges."""
    roster = await roster_of(request)
    me = officer_of(request, roster)
    own = me is not None and all(absence.officer == me.key for absence in some)
    return own or arranging(request, roster)


async def _entered(request: web.Request, some: tuple[Absence, ...]) -> shapes.Line:
    console = console_of(request)
    if not await _may(request, some):
        raise refused(request, of=", ".join(absence.officer for absence in some))
    made = await console.store.absences.add(
        some, by=signs_as(request), now=console.clock(), via=source(request)
    )
    return {"entered": list(made)}


OPERATIONS = (
    duty,
    roster,
    roster_turns,
    roster_findings,
    absences,
    leave,
    swap,
    withdraw,
    windows,
    announce,
    call_off,
    handovers,
    handover,
    confirm,
    figures,
)
