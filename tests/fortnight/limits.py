"""Who is responsible for an alert, and by when one of them has to be reached.

By when: the documented times of escalation and of repeated attempts, worked out from the roster, from when
the channels outside were there, and from when the daemon was dead. Nothing of it is read from what the daemon
did."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from defacewatch.alerts import BACKOFF, FAIL_OVER_AFTER, LEASE, Alert, Delivery, DeliveryState
from defacewatch.roster import Officer, due_of, leads, on_duty, recipients, stand_ins, step_of, steps_for
from tests.fortnight.child import SECOND, TOGETHER, rounded
from tests.fortnight.record import Record

LOOKED_AHEAD = timedelta(hours=24)  # after which a delivery is given up
STEPS = 60  # of one alert, at most, that are looked at


def responsible(record: Record, alert: Alert, delivery: Delivery, all_: Sequence[Delivery]) -> bool:
    """Whether the alert was this officer's: named by the delivery's step when the step was due or taken, or
    next in line for somebody who could not be reached."""
    roster = record.roster
    steps = steps_for(roster, alert.kind, alert.at)
    step, due = step_of(steps, delivery.step), due_of(steps, delivery.step, alert.at)
    if step is None or due is None or delivery.created_at < due:
        return False
    named = {officer.key for at in (due, delivery.created_at) for officer in recipients(roster, step.to, at)}
    if delivery.officer in named:
        return True
    now = delivery.created_at
    in_line = (*on_duty(roster, now), *leads(roster, now), *roster.with_role("leadership"))
    unreached = [d for d in all_ if d.officer in named and d.created_at <= now and _struggled(d)]
    return bool(unreached) and delivery.officer in {officer.key for officer in in_line}


def _struggled(delivery: Delivery) -> bool:
    return delivery.attempts >= FAIL_OVER_AFTER or delivery.state is DeliveryState.FAILED


def limit(record: Record, alert: Alert) -> datetime:
    """By when the alert has to have reached somebody responsible.

    Of every step and everybody whom it names: the first attempt, in the documented intervals, at a time when
    the officer's channel was there; on the second channel from when the first has failed twice, with the next
    in line for those of the first step from when the last has. The earliest of these, and for each kill until
    then the time without a daemon and one lease."""
    undisturbed = min(_attempts(record, alert), default=alert.at + LOOKED_AHEAD)
    return _with_kills(record, alert.at, undisturbed)


def _attempts(record: Record, alert: Alert) -> Iterator[datetime]:
    roster = record.roster
    steps = steps_for(roster, alert.kind, alert.at)
    for number in range(STEPS):
        step, due = step_of(steps, number), due_of(steps, number, alert.at)
        if step is None or due is None:
            return
        due = rounded(due, SECOND) if number else due
        named = recipients(roster, step.to, due)
        for officer in named:
            yield from _through(record, officer, due)
        if number:
            continue  # whoever is next in line then is being tried already
        tried = due + BACKOFF[0] * max((len(officer.channels) for officer in named), default=1)
        for officer in stand_ins(roster, [officer.key for officer in named], tried):
            yield from _through(record, officer, rounded(tried, SECOND))


def _through(record: Record, officer: Officer, due: datetime) -> Iterator[datetime]:
    """When an officer who is to be told from `due` on is reached on each channel."""
    for place, channel in enumerate(officer.channels):
        begun = due if place == 0 else rounded(due + BACKOFF[0], SECOND)
        at = _first_through(record, channel, begun)
        if at is not None:
            yield at


def _first_through(record: Record, channel: str, begun: datetime) -> datetime | None:
    """When the first attempt is made at which the channel is there."""
    at, tries = begun, 0
    away_from, away_until = record.down.get(channel, (record.begins, record.begins))
    while at - begun <= LOOKED_AHEAD:
        if not away_from <= at < away_until:
            return at
        tries += 1
        at = rounded(
            at + BACKOFF[min(tries, len(BACKOFF)) - 1], TOGETHER if tries >= len(BACKOFF) else SECOND
        )
    return None


def _with_kills(record: Record, since: datetime, until: datetime) -> datetime:
    """`until`, later by what kills since then cost: each one the time until the next daemon, and a lease."""
    for kill in sorted(record.kills, key=lambda kill: kill.at):
        if kill.until >= since and kill.at <= until:
            until += kill.until - max(kill.at, since) + LEASE + SECOND
    return until
