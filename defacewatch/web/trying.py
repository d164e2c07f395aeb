"""Channel tests: how each channel of each officer stands, with receipts, and sending a test now."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import web

from defacewatch.errors import DefacewatchError, UsageError
from defacewatch.language import N_
from defacewatch.roster import Officer, on_duty
from defacewatch.shifttests import SHIFTS, ChannelTest, Outcome
from defacewatch.store.channeltests import Tried
from defacewatch.web.console import console_of
from defacewatch.web.desk import VIA, arranging, by, officer_of, page, refused, roster_of, worked
from defacewatch.web.duty import health_of
from defacewatch.web.forms import texts_of
from defacewatch.web.visitors import console_via

T = TypeVar("T", ChannelTest, Tried)

NOBODY = N_("Choose an officer of the roster.")
NO_CHANNEL = N_("no channel that is on reaches {officer}")
OUTCOMES = {
    Outcome.PROVED: N_("answered"),
    Outcome.WAITING: N_("waits for the answer"),
    Outcome.FAILED: N_("not delivered"),
    Outcome.UNPROVED: N_("not answered"),
}


@dataclass(frozen=True)
class Line:
    """A channel of an officer: whether it is on, its latest test at the start of a shift with how that ended,
    and the latest that somebody asked for."""

    channel: str
    on: bool
    test: ChannelTest | None
    outcome: Outcome | None
    tried: Tried | None


@dataclass(frozen=True)
class Reached:
    officer: Officer
    lines: tuple[Line, ...]

    @property
    def silent(self) -> bool:
        """Whether no channel that is on reaches them."""
        return not any(line.on for line in self.lines)


async def show(request: web.Request) -> web.Response:
    return await _page(request)


async def send(request: web.Request) -> web.Response:
    """Send a test to an officer, on one channel or on all that are on: oneself, or others for those who
    arrange."""
    fields = await texts_of(request)
    try:
        channel = fields.get("channel") or None
        await ask(request, fields.get("officer", ""), channel, via=console_via(request))
    except DefacewatchError as problem:
        return await _page(request, problem=problem)
    return worked("/duty/channels", "sent")


async def ask(request: web.Request, key: str, channel: str | None, *, via: str) -> int:
    """Have a test sent to an officer, by key; the alert's id. Raises UsageError where nothing reaches them,
    Refused where that is for those who arrange, Conflict where the last one is hardly a minute old."""
    console, roster = console_of(request), await roster_of(request)
    officer = next((one for one in roster.officers if one.key == key), None)
    if officer is None:
        raise UsageError(NOBODY)
    if officer != officer_of(request, roster) and not arranging(request, roster):
        raise refused(request, of=key)
    usable = console.sending().channels
    if not any(one in usable and channel in (None, one) for one in officer.channels):
        raise UsageError(NO_CHANNEL, officer=officer.name)
    made = await console.store.channel_tests.ask(key, channel, by=by(request), via=via, now=console.clock())
    console.wake()
    return made


async def received(request: web.Request) -> web.Response:
    """The test of the last change of shift has arrived on a channel of one's own that has no button."""
    console, fields, roster = console_of(request), await texts_of(request), await roster_of(request)
    me = officer_of(request, roster)
    try:
        if me is None:
            raise UsageError(NOBODY)
        await console.store.channel_tests.received(
            fields.get("channel", ""),
            officer=me.key,
            via=VIA,
            now=console.clock(),
            source=console_via(request),
        )
    except DefacewatchError as problem:
        return await _page(request, problem=problem)
    return worked("/duty/channels", "received")


async def _page(request: web.Request, *, problem: DefacewatchError | None = None) -> web.Response:
    console, roster, now = console_of(request), await roster_of(request), console_of(request).clock()
    tests = await console.store.channel_tests.last(SHIFTS)
    tried = await console.store.channel_tests.tried()
    usable, within = console.sending().channels, roster.shift_test.within
    there = [one.key for one in on_duty(roster, now)]
    reached = []
    for officer in sorted(roster.officers, key=lambda one: one.key not in there):
        lines = []
        for channel in officer.channels:
            test = _first(tests, officer.key, channel)
            outcome = test.outcome(within, now) if test is not None else None
            lines.append(Line(channel, channel in usable, test, outcome, _first(tried, officer.key, channel)))
        reached.append(Reached(officer, tuple(lines)))
    return page(
        request,
        "desk_channels.html",
        "channels",
        roster,
        problem=problem,
        channels=await health_of(console, roster, now),
        reached=reached,
        there=there,
        outcomes=OUTCOMES,
        testing=roster.shift_test,
    )


def _first(every: Iterable[T], officer: str, channel: str) -> T | None:
    return next((one for one in every if one.officer == officer and one.channel == channel), None)
