"""The duty desk as it is now: who is on duty and who comes next, what is open and who has it, whether the
channels work."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby

from aiohttp import web

from defacewatch.alerts import DeliveryState
from defacewatch.handovers import Handover
from defacewatch.incidents import State
from defacewatch.raising import upcoming
from defacewatch.roster import Roster
from defacewatch.rostering import as_entered
from defacewatch.shifts import Absence, Turn, turns, turns_at
from defacewatch.store import Store
from defacewatch.store.incidents import IncidentView
from defacewatch.web.console import Console, console_of
from defacewatch.web.desk import page
from defacewatch.windows import Window

Waiting = Mapping[tuple[str, DeliveryState], int]  # messages, by channel and how they stand

AHEAD = timedelta(days=3)  # in which the next turns are looked for
COMING = 3  # raised watches that are named
DAYS = 60  # within which they begin


@dataclass(frozen=True)
class Health:
    """How a channel is: what it said last where it does not answer, how many officers it reaches, and how
    many messages wait for it or were given up."""

    channel: str
    trouble: str | None
    reaches: int
    waiting: int
    failed: int


async def show(request: web.Request) -> web.Response:
    console = console_of(request)
    now = console.clock()
    found = await console.store.together(partial(_found, console.store, now))
    roster = as_entered(console.roster(), found.absences)
    today = now.astimezone(roster.zone).date()
    return page(
        request,
        "desk_now.html",
        "duty",
        roster,
        running=turns_at(roster, now),
        following=next_turns(roster, now),
        watches=upcoming(roster.raised_watch, roster.holiday_watch, today, days=DAYS)[:COMING],
        today=today,
        holders=held(found.open),
        channels=health(console, roster, found.backlog),
        handover=found.handover,
        portals=found.portals,
        windows=found.windows,
    )


@dataclass(frozen=True)
class _Found:
    """What of it the store knows."""

    absences: tuple[Absence, ...]
    open: Sequence[IncidentView]
    handover: Handover | None
    backlog: Waiting
    portals: Mapping[str, str]
    windows: Sequence[Window]


async def _found(store: Store, now: datetime) -> _Found:
    windows = await store.windows.running(now)
    return _Found(
        await store.absences.standing(),
        await store.incidents.list(states=(State.OPEN, State.ACKNOWLEDGED)),
        next(iter(await store.handovers.last()), None),
        (await store.alerts.backlog(now)).deliveries,
        await store.portals.names({window.portal for window in windows}),
        windows,
    )


def next_turns(roster: Roster, now: datetime) -> Sequence[Turn]:
    """The turns that begin next, all at the same moment."""
    coming = [turn for turn in turns(roster, now, now + AHEAD) if turn.start > now and turn.people]
    first = next(groupby(coming, key=lambda turn: turn.start), None)
    return list(first[1]) if first is not None else []


def held(views: Sequence[IncidentView]) -> Mapping[str, list[IncidentView]]:
    """Incidents by who has them (''; nobody), those of nobody first."""
    found: defaultdict[str, list[IncidentView]] = defaultdict(list)
    for view in views:
        found[view.incident.acknowledged_by or ""].append(view)
    return dict(sorted(found.items()))


async def health_of(console: Console, roster: Roster, now: datetime) -> list[Health]:
    return health(console, roster, (await console.store.alerts.backlog(now)).deliveries)


def health(console: Console, roster: Roster, backlog: Waiting) -> list[Health]:
    """How each channel is, with what waits for it."""
    trouble = console.trouble()

    def count(channel: str, *states: DeliveryState) -> int:
        return sum(backlog.get((channel, state), 0) for state in states)

    return [
        Health(
            channel,
            trouble.get(channel),
            sum(channel in one.channels for one in roster.officers),
            count(channel, DeliveryState.PENDING, DeliveryState.SENDING),
            count(channel, DeliveryState.FAILED),
        )
        for channel in sorted(console.sending().channels)
    ]
