"""Who would be called, when, and on which channels: the steps of an alert, foretold by the rules that take
them."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from defacewatch.alerts import Alert, Wanted, takes
from defacewatch.roster import ON_DUTY, Due, Roster, steps_for, told_from
from defacewatch.telling import due_step, first_wanted, step_beyond


class Sends(Protocol):
    """What can be told on: the channels that are on, and those that are for some kinds of alerts alone."""

    @property
    def channels(self) -> Collection[str]: ...
    @property
    def kinds(self) -> Mapping[str, Collection[str]]: ...


@dataclass(frozen=True)
class Sending:
    """Just these channels; none by default."""

    channels: Collection[str] = ()
    kinds: Mapping[str, Collection[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """One step of an alert: when it is taken, to whom it goes ('on_duty', roles, keys), and whom it tells
    on which channels. `again` is whether it is the step before, taken again."""

    at: datetime
    to: tuple[str, ...]
    wanted: tuple[Wanted, ...]
    again: bool = False


def calls(alert: Alert, roster: Roster, sending: Sends) -> Iterator[Call]:
    """The steps that an alert takes while nobody acknowledges it, each as the roster is at its time; of one
    that comes again and again the first two."""
    usable = [channel for channel in sending.channels if takes(sending.kinds, channel, alert.kind)]
    steps = steps_for(roster, alert.kind, alert.at)
    begins = told_from(roster, alert.about, alert.urgency, alert.at)
    last = begins + steps[-1].after if steps else begins
    alert = replace(alert, step=0, reached=None)
    due: Due | None = due_step(alert, roster) or Due(0, begins, (ON_DUTY,))
    while due is not None:
        again = due.at > last
        yield Call(due.at, due.to, first_wanted(alert, roster, usable, due.at), again)
        following = None if again else step_beyond(alert, due, roster, due.at)
        alert, due = replace(alert, step=due.number + 1, reached=due.at), following
