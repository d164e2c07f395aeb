"""The duty desk as it is now: who is on duty and who comes next, what is open and who has it, whether the
channels work."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from aiohttp import web

from defacewatch.alerts import DeliveryState
from defacewatch.incidents import State
from defacewatch.raising import upcoming
from defacewatch.roster import Roster
from defacewatch.shifts import Turn, turns, turns_at
from defacewatch.store.incidents import IncidentView
from defacewatch.web.console import Console, console_of
from defacewatch.web.desk import page, roster_of

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
    console, roster = console_of(request), await roster_of(request)
    now = console.clock()
    today = now.astimezone(roster.zone).date()
    open_ = await console.store.incidents.list(states=(State.OPEN, State.ACKNOWLEDGED))
    last = await console.store.handovers.last()
    return page(
        request,
        "desk_now.html",
        "duty",
        roster,
        running=turns_at(roster, now),
        following=next_turns(roster, now),
        watches=upcoming(roster.raised_watch, roster.holiday_watch, today, days=DAYS)[:COMING],
        today=today,
        holders=held(open_),
        channels=await health_of(console, roster, now),
        handover=last[0] if last else None,
        portals={one.key: one.name for one in await console.store.portals.all()},
        windows=await console.store.windows.running(now),
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
    backlog = (await console.store.alerts.backlog(now)).deliveries
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
