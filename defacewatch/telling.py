"""Who is told of an alert, and how: the rules of the outbox, without any I/O."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from defacewatch.alerts import (
    ESCALATES,
    FAIL_OVER_AFTER,
    TO_LEADERSHIP,
    Alert,
    AlertKind,
    Delivery,
    DeliveryState,
    Wanted,
)
from defacewatch.portals import Urgency
from defacewatch.roster import (
    ON_DUTY,
    Due,
    Duty,
    Officer,
    Roster,
    due_of,
    raised,
    recipients,
    stand_ins,
    step_after,
    steps_for,
    told_from,
)


def wanted_for(
    officers: Sequence[Officer], usable: Collection[str], urgency: Urgency, step: int
) -> tuple[Wanted, ...]:
    """The deliveries that tell `officers`: all of their usable channels when it is urgent, else the first."""
    chosen: list[Wanted] = []
    for officer in officers:
        channels = [c for c in officer.channels if c in usable]
        chosen += [
            Wanted(channel, officer.key, step)
            for channel in (channels if urgency is Urgency.HIGH else channels[:1])
        ]
    return tuple(chosen)


def first_wanted(alert: Alert, roster: Roster, usable: Collection[str], now: datetime) -> tuple[Wanted, ...]:
    """Whom an alert's due step tells. Officers whom no usable channel reaches are stood in for."""
    if alert.kind is AlertKind.CHANNEL_DOWN:
        usable = [channel for channel in usable if channel != alert.facts.get("channel")]
    webhooks = tuple(Wanted(c, None, alert.step) for c in usable if c.startswith("webhook:"))
    if alert.officer is not None:
        named = roster.officer(alert.officer)
        only = alert.facts.get("channel")  # a test of one channel
        usable = [channel for channel in usable if only in (None, channel)]
        return wanted_for((named,) if named else (), usable, Urgency.HIGH, alert.step)
    if is_named(alert):
        return wanted_for(_named(alert, roster), usable, alert.urgency, alert.step) + webhooks
    due = due_step(alert, roster)
    number, groups = (alert.step, (ON_DUTY,)) if due is None else (due.number, due.to)
    if alert.kind in TO_LEADERSHIP and alert.step == 0:
        groups = (*groups, Duty.LEADERSHIP)
    asked = tuple(dict.fromkeys(officer for to in groups for officer in recipients(roster, to, now)))
    tried: list[str] = []
    while asked:
        people = wanted_for(asked, usable, urgency_of(alert, roster), number)
        if people:
            return people + (webhooks if alert.step == 0 else ())
        tried += [officer.key for officer in asked]
        asked = stand_ins(roster, tried, now)
    return webhooks if alert.step == 0 else ()


def due_step(alert: Alert, roster: Roster) -> Due | None:
    """The step that an alert takes next, by the roster as it is now; None where all are taken."""
    steps = steps_for(roster, alert.kind, alert.at)
    begins = told_from(roster, alert.about, alert.urgency, alert.at)
    reached = alert.reached
    if reached is None and alert.step > 0:  # written before that was noted
        last = begins + steps[-1].after if steps else None
        reached = due_of(steps, alert.step - 1, begins) or last
    return step_after(steps, begins, reached, number=alert.step)


def step_beyond(alert: Alert, due: Due, roster: Roster, now: datetime) -> Due | None:
    """The step after `due`, which is being taken, unless somebody takes the alert; None where it goes no
    further. Of steps that come again, those whose time has passed are left out."""
    if not _goes_on(alert):
        return None
    steps = steps_for(roster, alert.kind, alert.at)
    begins = told_from(roster, alert.about, alert.urgency, alert.at)
    return step_after(steps, begins, due.at, number=due.number + 1, now=now)


def goes_on(alert: Alert, roster: Roster) -> tuple[datetime, str] | None:
    """When an alert goes on unless somebody takes it, as it stands in its row, and to whom; None where it
    goes no further."""
    due = due_step(alert, roster) if _goes_on(alert) else None
    return None if due is None or alert.next_step_at is None else (alert.next_step_at, due.to[0])


def _goes_on(alert: Alert) -> bool:
    return alert.kind in ESCALATES and alert.officer is None


def urgency_of(alert: Alert, roster: Roster) -> Urgency:
    """How an alert is told: in a raised watch a change may be as urgent as an attack."""
    watch = raised(roster, alert.at) if alert.kind is AlertKind.CHANGED else None
    return Urgency.HIGH if watch is not None and watch.urgent_changes else alert.urgency


def is_named(alert: Alert) -> bool:
    """Whether an alert says itself whom to tell (a deadline, a handover …). It falls to nobody else."""
    return isinstance(alert.facts.get("to"), list)


def _named(alert: Alert, roster: Roster) -> tuple[Officer, ...]:
    """Those whom an alert names itself, as far as the roster knows them."""
    keys = alert.facts.get("to")
    found = (roster.officer(str(key)) for key in keys) if isinstance(keys, list) else ()
    return tuple(officer for officer in found if officer is not None)


def fail_over(
    alert: Alert,
    failed: Delivery,
    deliveries: Sequence[Delivery],
    roster: Roster,
    usable: Collection[str],
    now: datetime,
) -> tuple[Wanted, ...]:
    """Who or what is tried as well, now that `failed` has failed often enough: the officer's next channel
    or, when none of theirs is left (or the roster knows them no more), the next officers. Empty when the
    officer was reached, or whoever is tried in their place was or still may be, or nobody is left."""
    if failed.officer is None or alert.officer is not None:
        return ()
    mine = [d for d in deliveries if d.officer == failed.officer and d.id != failed.id]
    if any(d.state is DeliveryState.SENT for d in mine):
        return ()
    officer = roster.officer(failed.officer)
    used = {failed.channel, *(d.channel for d in mine)}
    left = [c for c in officer.channels if c in usable and c not in used] if officer else []
    if left:
        return (Wanted(left[0], failed.officer, failed.step),)
    if is_named(alert):
        return ()  # nobody else has to know
    others = [d for d in deliveries if d.officer not in (None, failed.officer)]
    instead = [d for d in others if d.created_at > failed.created_at]
    if any(_is_hopeful(d) for d in mine + instead):
        return ()
    told = [d.officer for d in deliveries if d.officer]
    return wanted_for(stand_ins(roster, told, now), usable, urgency_of(alert, roster), failed.step)


def _is_hopeful(delivery: Delivery) -> bool:
    """It got through, or may yet."""
    if delivery.state is DeliveryState.FAILED:
        return False
    return delivery.state is DeliveryState.SENT or delivery.attempts < FAIL_OVER_AFTER


def wanted_again(
    alert: Alert, deliveries: Sequence[Delivery], roster: Roster, usable: Collection[str], now: datetime
) -> tuple[Wanted, ...]:
    """Whom an alert that nobody has heard of tells after its last step: all that were given up and can be
    tried, and whoever the first step would tell now."""
    given_up = tuple(
        Wanted(d.channel, d.officer, d.step)
        for d in deliveries
        if d.state is DeliveryState.FAILED
        and d.channel in usable
        and (d.officer is None or roster.officer(d.officer))
    )
    asked = {(d.channel, d.officer) for d in deliveries}
    first = (
        first_wanted(replace(alert, step=0, reached=None), roster, usable, now) if roster.escalation else ()
    )
    return given_up + tuple(w for w in first if (w.channel, w.officer) not in asked)
