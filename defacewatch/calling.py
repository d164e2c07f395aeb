"""Who would be called, when, and on which channels: the steps of an alert, foretold by the rules that take
them."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from defacewatch.alerts import Alert, Wanted, takes
from defacewatch.roster import ON_DUTY, Roster, steps_for, told_from
from defacewatch.telling import first_wanted, next_step


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
    """One step of an alert: when it is taken, to whom it goes ('on_duty', a role, a key), and whom it tells
    on which channels. `again` is whether it is the step before, taken again."""

    at: datetime
    to: str
    wanted: tuple[Wanted, ...]
    again: bool = False


def calls(alert: Alert, roster: Roster, sending: Sends) -> Iterator[Call]:
    """The steps that an alert takes while nobody acknowledges it, each as the roster is at its time; of one
    that comes again and again the first two."""
    usable = [channel for channel in sending.channels if takes(sending.kinds, channel, alert.kind)]
    steps = steps_for(roster, alert.kind, alert.at)
    step, at = 0, told_from(roster, alert.about, alert.urgency, alert.at)
    to = steps[0].to if steps else ON_DUTY
    while True:
        again = step >= len(steps) > 0
        yield Call(at, to, first_wanted(replace(alert, step=step), roster, usable, at), again)
        step += 1
        following = None if again else next_step(alert, step, roster)
        if following is None:
            return
        at, to = max(following[0], at), following[1]
