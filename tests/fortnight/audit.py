"""The audit: from the rows and from what was received, whether everybody heard what they had to, once, in
time.

Pure: it reads a Record and gives problems, one line each, and figures. What was received is the servers'
word, not the daemon's. One message may stand for several deliveries of one officer on one channel."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from defacewatch.alerts import ESCALATES, LEASE, Delivery, DeliveryState
from defacewatch.gathering import UPDATE_EVERY
from defacewatch.incidents import Event, Incident
from tests.fortnight.limits import limit, responsible
from tests.fortnight.outside import Received
from tests.fortnight.record import Record
from tests.fortnight.scenario import Story

RECEIPTS = {"telegram": re.compile(r"message_id (\d+)"), "email": re.compile(r"queued as (\w+)")}


@dataclass(frozen=True)
class Reached:
    """How the first alert of an incident went: `limit` is the time by which somebody had to be reached,
    `first` the first message that somebody responsible received, `told` all who were told of it. `state` says
    which channels were away when it was raised, `killed` whether the daemon was killed on the way."""

    incident: Incident
    story: Story
    raised_at: datetime
    limit: datetime
    first: Received | None
    told: tuple[str, ...]
    state: str
    killed: bool
    messages: int

    @property
    def took(self) -> timedelta | None:
        return None if self.first is None else self.first.at - self.raised_at


@dataclass(frozen=True)
class Audit:
    problems: tuple[str, ...]
    reached: tuple[Reached, ...]
    duplicates: int  # messages received twice, each of a delivery that a kill found on its way
    figures: Mapping[str, int]


def audit(record: Record) -> Audit:
    """Everything that has to hold, and what it came to."""
    named = _by_receipt(record.deliveries)
    problems = [*_rows(record), *_once(record, named), *_alerts(record), *_times(record), *_acts(record)]
    duplicates, strays = _unnamed(record, named)
    problems += strays
    reached: list[Reached] = []
    for story in record.stories:
        found = _incident_of(record, story)
        if found is None:
            problems.append(f"story {story.number} ({story.wrong}, page {story.page}) became no incident")
            continue
        one = _reached(record, found, story)
        if isinstance(one, str):
            problems.append(one)
            continue
        reached.append(one)
        problems += _in_time(one)
    problems += _extra(record, reached)
    return Audit(tuple(problems), tuple(reached), duplicates, _figures(record))


def receipt_of(delivery: Delivery) -> tuple[str, str] | None:
    """The channel and what its server called the message that a delivery's receipt names."""
    pattern = RECEIPTS.get(delivery.channel)
    found = pattern.search(delivery.receipt or "") if pattern is not None else None
    return None if found is None else (delivery.channel, found[1])


def _by_receipt(deliveries: Sequence[Delivery]) -> Mapping[tuple[str, str], list[Delivery]]:
    named: defaultdict[tuple[str, str], list[Delivery]] = defaultdict(list)
    for delivery in deliveries:
        if (receipt := receipt_of(delivery)) is not None:
            named[receipt].append(delivery)
    return named


def _rows(record: Record) -> Iterator[str]:
    """Every delivery has an end: sent, with the receipt of a message that its officer received; or given up,
    with what was said."""
    received = defaultdict(list)
    for message in record.received:
        received[message.channel, message.receipt].append(message)
    for delivery in record.deliveries:
        name = f"delivery {delivery.id} of alert {delivery.alert} to {delivery.officer} by {delivery.channel}"
        if delivery.state is DeliveryState.FAILED:
            if not delivery.error:
                yield f"{name} was given up, and nothing says why"
            continue
        if delivery.state is not DeliveryState.SENT:
            yield f"{name} is {delivery.state} at the end"
            continue
        receipt = receipt_of(delivery)
        if receipt is None or delivery.sent_at is None:
            yield f"{name} is sent without a receipt: {delivery.receipt!r}"
            continue
        times = received.get(receipt)
        if times is None:
            yield f"{name} is sent with receipt {receipt[1]}, which no server has given"
        elif times[0].officer != delivery.officer:
            yield f"{name} is sent with the receipt of a message to {times[0].officer}"
        elif not any(timedelta(0) <= delivery.sent_at - message.at <= LEASE for message in times):
            yield f"{name} was sent at {delivery.sent_at}, and received at {times[-1].at}"


def _once(record: Record, named: Mapping[tuple[str, str], list[Delivery]]) -> Iterator[str]:
    """Nobody is told the same step of an alert twice on one channel."""
    keys = Counter((d.alert, d.officer, d.channel, d.step) for d in record.deliveries)
    for (alert, officer, channel, step), count in keys.items():
        if count > 1:
            yield f"step {step} of alert {alert} has {count} deliveries to {officer} by {channel}"
    for receipt, rows in named.items():
        if len({(row.alert, row.step) for row in rows}) != len(rows):
            yield f"message {receipt[1]} by {receipt[0]} stands twice for one step of an alert"


def _unnamed(record: Record, named: Mapping[tuple[str, str], list[Delivery]]) -> tuple[int, list[str]]:
    """Messages that no receipt names: each must be of a delivery that a kill found on its way, which was sent
    again. Their count, and the problems."""
    rows = {delivery.id: delivery for delivery in record.deliveries}
    incidents = {alert.id: alert.incident for alert in record.alerts}
    on_their_way = [(kill, delivery) for kill in record.kills for delivery in kill.sending]
    count, problems = 0, []
    for message in record.received:
        if (message.channel, message.receipt) in named:
            continue
        about = f"message {message.receipt} to {message.officer} by {message.channel} at {message.at}"
        reasons = [
            (kill, delivery)
            for kill, delivery in on_their_way
            if kill.life == message.life
            and kill.at - LEASE <= message.at <= kill.at
            and (delivery.channel, delivery.officer) == (message.channel, message.officer)
            and _names(message, incidents.get(delivery.alert))
        ]
        if not reasons:
            problems.append(f"{about} was received besides, and no kill explains it")
            continue
        together = [reason for reason in reasons if reason[0] is reasons[0][0]]
        count += 1
        for reason in together if len(message.incidents) > 1 else together[:1]:
            on_their_way.remove(reason)
            again = rows[reason[1].id]
            if again.state is not DeliveryState.SENT:
                problems.append(f"{about} was received, and its delivery {again.id} is {again.state}")
    return count, problems


def _names(message: Received, incident: int | None) -> bool:
    """Whether a message tells of an incident; of an alert about none, where it tells of none."""
    return incident in message.incidents if incident is not None else not message.incidents


def _alerts(record: Record) -> Iterator[str]:
    """Every alert has an end: nothing is to come, and somebody has heard of it, or had taken its incident."""
    incidents = {incident.id: incident for incident in record.incidents}
    deliveries: defaultdict[int, list[Delivery]] = defaultdict(list)
    for delivery in record.deliveries:
        deliveries[delivery.alert].append(delivery)
    for alert in record.alerts:
        mine = deliveries[alert.id]
        if alert.next_step_at is not None:
            yield f"alert {alert.id} ({alert.kind}) has step {alert.step} still to come"
        if any(delivery.state is DeliveryState.SENT for delivery in mine):
            continue
        incident = incidents.get(alert.incident or 0)
        answered = incident is not None and (incident.acknowledged_at or incident.resolved_at)
        if not (mine and answered):
            yield f"nobody has heard of alert {alert.id} ({alert.kind}): {len(mine)} deliveries"


def _times(record: Record) -> Iterator[str]:
    """Whatever is written down happened in the fortnight, and not by another clock."""
    moments = [(f"alert {alert.id}", alert.at) for alert in record.alerts]
    moments += [(f"delivery {d.id}", d.created_at) for d in record.deliveries]
    for number, entries in record.timelines.items():
        moments += [(f"incident {number}, {entry.event}", entry.at) for entry in entries]
    for what, moment in moments:
        if not record.begins <= moment <= record.ended:
            yield f"{what} is said to have been at {moment}"


def _acts(record: Record) -> Iterator[str]:
    """Whoever has an incident is in its history, with how; and what officers were told is done, is done."""
    for incident in record.incidents:
        takes = [e for e in record.timelines[incident.id] if e.event is Event.ACKNOWLEDGED]
        if [entry.by for entry in takes] != ([incident.acknowledged_by] if incident.acknowledged_by else []):
            yield f"incident {incident.id} is {incident.acknowledged_by}'s, and its history says {takes}"
        if any(not entry.via for entry in takes):
            yield f"incident {incident.id} was taken, and nothing says how"
    taken = {incident.id: incident for incident in record.incidents}
    for done in record.done:
        if done.took and done.act.via == "console":
            holder = taken[done.act.number].acknowledged_by
            if holder != done.act.officer:
                yield f"{done.act.officer} took incident {done.act.number}, which is {holder}'s"


def _incident_of(record: Record, story: Story) -> Incident | None:
    """The first incident on the story's page since it began, and before it was restored."""
    page = record.pages[story.number]
    mine = [i for i in record.incidents if record.page_of[i.id] == page]
    return next((i for i in mine if story.at <= i.opened_at <= story.restored_at), None)


def _extra(record: Record, reached: Sequence[Reached]) -> Iterator[str]:
    known = {one.incident.id for one in reached}
    for incident in record.incidents:
        if incident.id not in known:
            yield f"incident {incident.id} belongs to no story"


def _reached(record: Record, incident: Incident, story: Story) -> Reached | str:
    opening = next((a for a in record.alerts if a.incident == incident.id and a.kind in ESCALATES), None)
    if opening is None:
        return f"incident {incident.id} has no alert"
    mine = [d for d in record.deliveries if d.alert == opening.id]
    receipts = {receipt_of(d): d for d in mine}
    messages = [
        m
        for m in record.received
        if (m.channel, m.receipt) in receipts and incident.id in m.incidents and m.at >= opening.at
    ]
    right = [m for m in messages if responsible(record, opening, receipts[m.channel, m.receipt], mine)]
    first = min(right, key=lambda message: message.at, default=None)
    until = limit(record, opening)
    end = until if first is None else first.at
    return Reached(
        incident,
        story,
        opening.at,
        until,
        first,
        tuple(dict.fromkeys(m.officer for m in messages)),
        away(record, opening.at),
        any(kill.until >= opening.at and kill.at <= end for kill in record.kills),
        len(messages),
    )


def _in_time(one: Reached) -> Iterator[str]:
    number = one.incident.id
    if one.first is None:
        yield f"incident {number} reached nobody who is responsible; told: {', '.join(one.told) or 'nobody'}"
    elif one.first.at > one.limit + (UPDATE_EVERY if len(one.first.incidents) > 1 else timedelta(0)):
        yield (
            f"incident {number} ({one.state}) reached {one.first.officer} at {one.first.at},"
            f" {one.first.at - one.limit} after {one.limit}"
        )


def away(record: Record, moment: datetime) -> str:
    """Which channels are away."""
    names = [channel for channel, (since, until) in record.down.items() if since <= moment < until]
    return " and ".join(names) + " away" if names else "all there"


def _figures(record: Record) -> Mapping[str, int]:
    sent = [d for d in record.deliveries if d.state is DeliveryState.SENT]
    return {
        "alerts": len(record.alerts),
        "deliveries": len(record.deliveries),
        "sent": len(sent),
        "given up": sum(d.state is DeliveryState.FAILED for d in record.deliveries),
        "attempts": sum(d.attempts for d in record.deliveries),
        "messages received": len(record.received),
        "kills": len(record.kills),
        "kills with a message on the way": sum(bool(kill.sending) for kill in record.kills),
        "deliveries on the way when killed": sum(len(kill.sending) for kill in record.kills),
    }
