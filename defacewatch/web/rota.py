"""The roster as a calendar, by month or week; leave and swaps, entered and taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from aiohttp import web
from babel.dates import format_date

from defacewatch.audit import Act, Actor
from defacewatch.errors import DefacewatchError, UsageError
from defacewatch.language import N_
from defacewatch.roster import Roster
from defacewatch.rostering import fault_text, findings, on_leave, swapped
from defacewatch.shifts import Absence, Turn, turns
from defacewatch.web.calendar import calendar_url, link_name
from defacewatch.web.console import console_of, words_of
from defacewatch.web.desk import (
    arranging,
    by,
    local,
    officer_of,
    page,
    refused,
    roster_of,
    worked,
)
from defacewatch.web.forms import texts_of
from defacewatch.web.visitors import actor_of, console_via

DAY = timedelta(days=1)
HISTORY = 40  # changes that are listed
NO_OFFICER = N_("Your account is not linked with an officer of the roster; an administrator can do that.")
TONES = 5  # colours of turns
FUTURE = 400  # days away that the calendar shows


@dataclass(frozen=True)
class Day:
    """A day of the calendar with the turns that begin on it; `out` is of another month."""

    day: date
    turns: tuple[Turn, ...]
    out: bool = False


@dataclass(frozen=True)
class Span:
    """What the calendar shows: the local days `first`..`last`, of a month or of a week, and the addresses of
    what is before and after."""

    first: date
    last: date
    week: bool

    def address(self, moved: int = 0) -> str:
        """Of this span, or of the one before (-1) or after (1)."""
        if self.week:
            return f"/duty/roster?week={self.first + 7 * moved * DAY}"
        there = self.first + moved * 16 * DAY if moved < 0 else self.first + moved * 45 * DAY
        return f"/duty/roster?month={there:%Y-%m}"


async def show(request: web.Request) -> web.Response:
    return await _page(request)


async def leave(request: web.Request) -> web.Response:
    """Enter leave: of oneself, or of others for those who arrange."""
    console, fields, roster = console_of(request), await texts_of(request), await roster_of(request)
    try:
        start, end = (local(fields.get(name, ""), console.zone) for name in ("from", "to"))
        who, instead = fields.get("officer", ""), fields.get("instead") or None
        absence = on_leave(roster, who, start, end, instead=instead, reason=fields.get("reason", ""))
        await _enter(request, roster, (absence,))
    except DefacewatchError as problem:
        return await _page(request, problem=problem, given=fields)
    return worked(f"/duty/roster?week={start.date()}", "entered")


async def swap(request: web.Request) -> web.Response:
    """Give a turn to another, who may give one for it."""
    console, fields, roster = console_of(request), await texts_of(request), await roster_of(request)
    try:
        at = local(fields.get("at", ""), console.zone)
        back = local(fields["back"], console.zone) if fields.get("back") else None
        who, instead, why = fields.get("officer", ""), fields.get("instead", ""), fields.get("reason", "")
        halves = swapped(roster, who, at, instead, back=back, reason=why)
        await _enter(request, roster, halves)
    except DefacewatchError as problem:
        return await _page(request, problem=problem, given=fields)
    return worked(f"/duty/roster?week={at.date()}", "entered")


async def withdraw(request: web.Request) -> web.Response:
    """Take back leave, or both halves of a swap."""
    console, number = console_of(request), int(request.match_info["id"])
    roster, whole = await roster_of(request), await console.store.absences.whole(number)
    me = officer_of(request, roster)
    mine = me is not None and any(one.absence.officer == me.key for one in whole)
    try:
        if not (mine or arranging(request, roster)):
            raise refused(request, of=whole[0].absence.officer)
        await console.store.absences.withdraw(
            number, by=by(request), now=console.clock(), via=console_via(request)
        )
    except DefacewatchError as problem:
        return await _page(request, problem=problem)
    return worked("/duty/roster", "withdrawn")


async def calendar_link(request: web.Request) -> web.Response:
    """The address of one's own calendar, shown once; `renew` ends the one that was given out."""
    fields = await texts_of(request)
    try:
        url = await calendar_address(request, renew=bool(fields.get("renew")), actor=actor_of(request))
    except UsageError as problem:
        return await _page(request, problem=problem)
    return await _page(request, link=url)


async def calendar_address(request: web.Request, *, renew: bool, actor: Actor) -> str:
    """The address of the calendar of whoever asks; `renew` ends the one before. Raises UsageError for an
    account that is no officer's."""
    console, me = console_of(request), officer_of(request, await roster_of(request))
    if me is None:
        raise UsageError(NO_OFFICER)
    name, now = link_name(me.key), console.clock()
    if renew:
        issue = await console.store.links.renew(name, actor=actor, now=now)
    else:
        issue = await console.store.links.issue(name)
        await console.store.audit.note(actor, Act.ADDRESS_GIVEN, at=now, of=f"address {name}")
    return calendar_url(console.public_url, console.secret_key, me.key, issue)


async def _enter(request: web.Request, roster: Roster, some: Sequence[Absence]) -> None:
    """Whoever arranges enters anything; others take nobody off duty but themselves."""
    console, me = console_of(request), officer_of(request, roster)
    own = me is not None and all(absence.officer == me.key for absence in some)
    if not (own or arranging(request, roster)):
        raise refused(request, of=", ".join(absence.officer for absence in some))
    await console.store.absences.add(some, by=by(request), now=console.clock(), via=console_via(request))


def span_of(query: dict[str, str], today: date) -> Span:
    """What is asked for; this month where it is nothing that can be shown."""
    try:
        if "week" in query:
            day = _near(date.fromisoformat(query["week"]), today)
            first = day - day.weekday() * DAY
            return Span(first, first + 6 * DAY, True)
        first = _near(date.fromisoformat(f"{query['month']}-01"), today) if "month" in query else today
    except ValueError:
        first = today
    first = first.replace(day=1)
    return Span(first, (first + 31 * DAY).replace(day=1) - DAY, False)


def _near(day: date, today: date) -> date:
    if abs((day - today).days) > FUTURE:
        raise ValueError(day)
    return day


def days_of(roster: Roster, span: Span) -> list[Day]:
    """The days of whole weeks that a span is in, with their turns."""
    first = span.first - span.first.weekday() * DAY
    last = span.last + (6 - span.last.weekday()) * DAY
    start, end = (datetime.combine(day, time(), roster.zone) for day in (first, last + DAY))
    every = turns(roster, start - DAY, end + DAY)
    found = []
    for number in range((last - first).days + 1):
        day = first + number * DAY
        begun = tuple(turn for turn in every if turn.start.astimezone(roster.zone).date() == day)
        found.append(Day(day, begun, not span.first <= day <= span.last))
    return found


def title_of(span: Span, language: str) -> str:
    if span.week:
        return f"{span.first:%d/%m} – {span.last:%d/%m/%Y}"
    return format_date(span.first, "LLLL y", locale=language).capitalize()


def tones_of(roster: Roster) -> dict[str, int]:
    """A colour for each name of a turn, by its number."""
    named = [slot.name for rotation in roster.rotations for slot in rotation.slots]
    named += [shift.name for shift in roster.shifts]
    return {name: number % TONES for number, name in enumerate(dict.fromkeys(named))}


async def _page(
    request: web.Request,
    *,
    problem: DefacewatchError | None = None,
    given: dict[str, str] | None = None,
    link: str | None = None,
) -> web.Response:
    console, words, roster = console_of(request), words_of(request), await roster_of(request)
    now = console.clock()
    today = now.astimezone(roster.zone).date()
    span = span_of(dict(request.query), today)
    edges = [datetime.combine(day, time(), roster.zone) for day in (span.first, span.last + DAY)]
    wrong = findings(roster, max(now, edges[0]), edges[1], console.sending().channels)
    entered = await console.store.absences.latest(HISTORY + 1)
    return page(
        request,
        "desk_roster.html",
        "roster",
        roster,
        problem=problem,
        span=span,
        days=days_of(roster, span),
        today=today,
        span_zone=roster.zone,
        title=title_of(span, words.language),
        day_name=lambda day: format_date(day, "EEE d/M", locale=words.language),
        tones=tones_of(roster),
        findings=[fault_text(roster, one, words._) for one in wrong] if now < edges[1] else [],
        history=entered[:HISTORY],
        older=len(entered) > HISTORY,
        standing=[one for one in roster.absences if one.end > now],
        officers=roster.officers,
        given=given or {},
        link=link,
    )
