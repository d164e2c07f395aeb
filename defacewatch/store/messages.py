"""Which deliveries travel in one message: claimed together, sent together, kept with one receipt."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

from sqlalchemy import ColumnElement, Row, and_, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from defacewatch.alerts import LEASE, Alert, AlertKind, Delivery, DeliveryState
from defacewatch.campaigns import Campaign
from defacewatch.gathering import (
    CHANGED,
    MINUTE,
    OPENING,
    Due,
    Entry,
    Manner,
    Plan,
    Thread,
    plan,
    worst_of,
)
from defacewatch.incidents import Event, State
from defacewatch.portals import DRILL
from defacewatch.store.alertschema import UNFINISHED, alerts, deliveries
from defacewatch.store.campaigns import campaign_of
from defacewatch.store.carried import carried, climbing
from defacewatch.store.engine import Engine
from defacewatch.store.rows import Values, alert_of, delivery_of, part
from defacewatch.store.schema import incidents, pages, portals
from defacewatch.store.stormschema import campaign_members, campaigns, messages

UNDER_WAY = timedelta(seconds=2)  # after which is looked again whether another message has arrived
STUCK = timedelta(seconds=20)  # after which a message under way holds up no alert: its text is out by then,
# or its sender dead
TOGETHER = 1000  # deliveries in one message


@dataclass(frozen=True)
class Bundle:
    """Deliveries that were claimed to travel together, to one officer on one channel, with the alert of each.
    `message` is the row of the message that carries them (None: a message of its own, for the only one),
    `receipt` that of the thread's last message, `first` that of the alert that the thread began with."""

    deliveries: tuple[Delivery, ...]
    alerts: tuple[Alert, ...]
    loud: bool = True
    message: int | None = None
    campaign: Campaign | None = None
    receipt: str | None = None
    first: str | None = None


class Messages:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def claim(
        self, channel: str, *, editable: bool, now: datetime, apart: Collection[int] = ()
    ) -> Bundle | None:
        """Claim what goes out next on `channel`: one delivery, or several to an officer that travel together.

        Like `Alerts.claim_delivery`, each is marked as being sent, and counted as an attempt, before this
        returns. Those numbered in `apart` travel with no others. None when nothing is due, or what is due
        waits.
        """
        due = and_(deliveries.c.channel == channel, deliveries.c.next_at <= now, UNFINISHED)
        any_due = select(deliveries.c.id).where(due).limit(1)
        if await self.engine.read(lambda db: db.scalar(any_due)) is None:
            return None
        async with self.engine.writing() as db:
            await self.engine.exclusive(db, crc32(channel.encode()) >> 1)
            skipped: list[str] = []
            while True:
                first = select(deliveries.c.officer).where(due, deliveries.c.officer.not_in(skipped))
                officer = await db.scalar(first.order_by(deliveries.c.next_at, deliveries.c.id).limit(1))
                if officer is None:
                    return None
                bundle = await _next_to(
                    db, officer, due, channel=channel, editable=editable, now=now, apart=apart
                )
                if bundle is not None:
                    return bundle
                skipped.append(officer)

    async def sent(self, bundle: Bundle, receipt: str, *, of: int, now: datetime) -> None:
        """All of a bundle got through in one message, which told `of` so many incidents."""
        numbers = [delivery.id for delivery in bundle.deliveries]
        async with self.engine.lasting() as db:
            for start in range(0, len(numbers), 500):
                some = deliveries.c.id.in_(numbers[start : start + 500])
                through = update(deliveries).where(some, deliveries.c.state != DeliveryState.SENT.value)
                values = {"state": DeliveryState.SENT.value, "receipt": receipt, "error": None}
                await db.execute(through.values(**values, sent_at=now, next_at=None))
            if bundle.message is None:
                return
            worst = worst_of([alert.kind for alert in bundle.alerts])
            known: Values = {"receipt": receipt, "changed_at": now}
            if bundle.loud:
                known |= {"heard_at": now, "heard_of": of}
                known |= {"worst": worst.value} if worst else {}
            await db.execute(update(messages).where(messages.c.id == bundle.message).values(**known))

    async def carried(self, message: int) -> tuple[Entry, ...]:
        """What a message tells of: all of its campaign, or what its deliveries are about; what it tells of
        anew first, then the newest. The portals come without their pages. Raises NotFound."""
        return await self.engine.read(lambda db: carried(db, message))

    async def climbing(self, message: int) -> list[Alert]:
        """The alerts of what a message tells of that go on unless somebody takes it, the next to do so first.
        Raises NotFound."""
        return await self.engine.read(lambda db: climbing(db, message))


async def _next_to(
    db: AsyncConnection,
    officer: str,
    due: ColumnElement[bool],
    *,
    channel: str,
    editable: bool,
    now: datetime,
    apart: Collection[int],
) -> Bundle | None:
    """Claim what goes out next to `officer` ('': a webhook, which is told of everything on its own). What was
    put off is looked at with what is due: together they may be a flood, and what goes takes it along."""
    put_off = and_(deliveries.c.state == DeliveryState.PENDING.value, deliveries.c.attempts == 0)
    waiting_here = and_(
        deliveries.c.channel == channel,
        deliveries.c.next_at.is_not(None),
        UNFINISHED,
        or_(deliveries.c.next_at <= now, put_off),
    )
    query = (
        select(
            deliveries,
            alerts,
            campaign_members.c.campaign.label("of_campaign"),
            portals.c.critical,
            pages.c.id,
        )
        .join(alerts, deliveries.c.alert == alerts.c.id)
        .outerjoin(campaign_members, campaign_members.c.incident == alerts.c.incident)
        .outerjoin(pages, alerts.c.page == pages.c.id)
        .outerjoin(portals, pages.c.portal == portals.c.key)
        .where(waiting_here if officer else due, deliveries.c.officer == officer)
        .order_by(deliveries.c.next_at, deliveries.c.id)
        .limit(TOGETHER if officer else 1)
        .with_for_update(of=deliveries, skip_locked=True)
    )
    rows = {part(row, deliveries)["id"]: row for row in await db.execute(query)}
    if not rows:
        return None
    if not officer:
        plan_ = Plan(Manner.ALONE, tuple(rows))
    else:
        waiting = [_due(row, apart) for row in rows.values()]
        plan_ = await _planned(db, waiting, officer, channel, editable=editable, now=now)
    if plan_.manner is Manner.LATER:
        if plan_.until is not None:
            later = or_(deliveries.c.next_at <= now, deliveries.c.next_at > plan_.until)
            put = update(deliveries).where(deliveries.c.id.in_(plan_.deliveries), later)
            # whose lease has ended is not on its way any more
            await db.execute(put.values(next_at=plan_.until, state=DeliveryState.PENDING.value))
        return None
    message = await _message(db, plan_, officer, channel, now)
    claimed = update(deliveries).where(deliveries.c.id.in_(plan_.deliveries))
    leased = claimed.values(
        state=DeliveryState.SENDING.value,
        attempts=deliveries.c.attempts + 1,
        next_at=now + LEASE,
        message=message,
    )
    taken = [delivery_of(part(row, deliveries)) for row in await db.execute(leased.returning(deliveries))]
    taken.sort(key=lambda delivery: delivery.id)
    about = tuple(alert_of(part(rows[delivery.id], alerts)) for delivery in taken)
    return await _bundle(db, plan_, tuple(taken), about, message)


def _due(row: Row[Any], apart: Collection[int]) -> Due:
    delivery, alert = delivery_of(part(row, deliveries)), alert_of(part(row, alerts))
    worsened = alert.facts.get("event") == Event.WORSENED.value
    return Due(
        delivery.id,
        alert.kind,
        delivery.step,
        delivery.created_at,
        row.of_campaign,
        delivery.attempts,
        grave=bool(row.critical) or worsened,
        apart=delivery.id in apart or (alert.page is not None and alert.page.endswith(DRILL)),
    )


async def _planned(
    db: AsyncConnection, waiting: Sequence[Due], officer: str, channel: str, *, editable: bool, now: datetime
) -> Plan:
    """What goes out of what waits. Nothing of a campaign does while another message of it is on the way; when
    that takes long, what opens an incident goes as if it were of no campaign."""
    here = and_(deliveries.c.officer == officer, deliveries.c.channel == channel)
    under_way = and_(here, deliveries.c.state == DeliveryState.SENDING.value, deliveries.c.next_at > now)
    flying = (
        select(campaign_members.c.campaign, deliveries.c.message, deliveries.c.id, deliveries.c.next_at)
        .join(alerts, deliveries.c.alert == alerts.c.id)
        .outerjoin(campaign_members, campaign_members.c.incident == alerts.c.incident)
        .where(under_way)
    )
    on_the_way = (await db.execute(flying)).all()
    busy = {row.campaign for row in on_the_way if row.campaign is not None}
    stuck = busy - {row.campaign for row in on_the_way if row.next_at - LEASE > now - STUCK}
    free = [due for due in waiting if due.campaign not in busy]
    free += [replace(due, campaign=None) for due in waiting if due.campaign in stuck and due.kind in OPENING]
    if not free:
        return Plan(Manner.LATER, tuple(due.delivery for due in waiting), until=now + UNDER_WAY)
    mine = and_(messages.c.officer == officer, messages.c.channel == channel)
    # of a thread each sound, though it is one message
    lately = and_(here, deliveries.c.sent_at > now - MINUTE, deliveries.c.sent_at <= now)
    heard = and_(lately, deliveries.c.message.is_not(None), ~deliveries.c.receipt.endswith(CHANGED))
    sounds = select(deliveries.c.message, deliveries.c.sent_at).where(heard).distinct().subquery()
    together = select(func.count()).select_from(sounds)
    alone = select(func.count()).where(lately, deliveries.c.message.is_(None))
    flying_messages = {row.message or -row.id for row in on_the_way}
    sent = (await db.scalar(alone) or 0) + (await db.scalar(together) or 0) + len(flying_messages)
    pending = and_(deliveries.c.next_at.is_not(None), deliveries.c.state == DeliveryState.PENDING.value)
    waits = select(deliveries.c.id).where(here, pending, deliveries.c.attempts > 0)
    digests = select(func.max(messages.c.created_at)).where(mine, messages.c.campaign.is_(None))
    threads, counts = await _threads(db, {d.campaign for d in free if d.campaign is not None}, here, mine)
    found = plan(
        free,
        threads,
        counts,
        sent=sent,
        digested_at=await db.scalar(digests),
        failing=await db.scalar(waits) is not None,
        editable=editable,
        now=now,
    )
    if found.until is None or not on_the_way:
        return found
    soon = min(found.until, now + UNDER_WAY)
    return replace(found, deliveries=tuple(due.delivery for due in waiting), until=soon)


async def _threads(
    db: AsyncConnection, about: Collection[int], here: ColumnElement[bool], mine: ColumnElement[bool]
) -> tuple[list[Thread], dict[int, int]]:
    """What this officer has of these campaigns, as far as they go on, and how many incidents they have."""
    if not about:
        return [], {}
    rows = await db.execute(select(messages).where(mine, messages.c.campaign.in_(about)))
    found = {row.campaign: row for row in rows}
    unresolved = (
        select(campaign_members.c.campaign, incidents.c.state, alerts.c.kind, deliveries.c.message)
        .join(incidents, incidents.c.id == campaign_members.c.incident)
        .outerjoin(alerts, alerts.c.incident == incidents.c.id)
        .outerjoin(
            deliveries,
            and_(deliveries.c.alert == alerts.c.id, here, deliveries.c.state == DeliveryState.SENT.value),
        )
        .where(campaign_members.c.campaign.in_(about), incidents.c.state != State.RESOLVED.value)
    )
    told: dict[int, set[AlertKind]] = {}
    taken: set[int] = set()
    told_now = unresolved.add_columns(deliveries.c.id).distinct()
    for campaign, state, kind, message, delivery in await db.execute(told_now):
        if state == State.ACKNOWLEDGED.value:
            taken.add(campaign)
        if delivery is not None:
            told.setdefault(campaign, set()).update([AlertKind(kind)] if message is None else ())
    threads = [
        _thread(campaign, found.get(campaign), told.get(campaign, set()), campaign in taken)
        for campaign in {*told, *found}
    ]
    counting = select(campaign_members.c.campaign, func.count()).where(campaign_members.c.campaign.in_(about))
    counts = await db.execute(counting.group_by(campaign_members.c.campaign))
    return threads, {row[0]: row[1] for row in counts}


def _thread(campaign: int, row: Row[Any] | None, full: set[AlertKind], taken: bool) -> Thread:
    if row is None:
        return Thread(campaign, full=frozenset(full), taken=taken)
    worst = AlertKind(row.worst) if row.worst else None
    return Thread(campaign, row.id, row.heard_at, row.changed_at, row.heard_of, worst, frozenset(full), taken)


async def _message(db: AsyncConnection, plan_: Plan, officer: str, channel: str, now: datetime) -> int | None:
    """The row of the message that carries what is planned: the campaign's; for a digest a new one, or that of
    the digest which failed and is made again, whose button may have arrived all the same."""
    if plan_.manner is Manner.ALONE:
        return None
    if plan_.manner is Manner.DIGEST:
        failed = select(func.max(messages.c.id)).join(deliveries, deliveries.c.message == messages.c.id)
        again = failed.where(deliveries.c.id.in_(plan_.deliveries), messages.c.campaign.is_(None))
        if (number := await db.scalar(again)) is not None:
            await db.execute(update(messages).where(messages.c.id == number).values(created_at=now))
            return int(number)
    campaign = plan_.campaign if plan_.manner is Manner.THREAD else None
    if campaign is not None:
        mine = and_(messages.c.officer == officer, messages.c.channel == channel)
        there = await db.scalar(select(messages.c.id).where(mine, messages.c.campaign == campaign))
        if there is not None:
            return int(there)
    fresh = insert(messages).values(
        channel=channel, officer=officer, campaign=campaign, created_at=now, heard_of=0
    )
    return int((await db.execute(fresh.returning(messages.c.id))).scalar_one())


async def _bundle(
    db: AsyncConnection,
    plan_: Plan,
    taken: tuple[Delivery, ...],
    about: tuple[Alert, ...],
    message: int | None,
) -> Bundle:
    if message is None or plan_.manner is not Manner.THREAD:
        return Bundle(taken, about, message=message)
    row = (await db.execute(select(campaigns).where(campaigns.c.id == plan_.campaign))).one()
    receipt = await db.scalar(select(messages.c.receipt).where(messages.c.id == message))
    begun = (
        select(deliveries.c.receipt)
        .join(alerts, deliveries.c.alert == alerts.c.id)
        .join(campaign_members, campaign_members.c.incident == alerts.c.incident)
        .where(
            campaign_members.c.campaign == plan_.campaign,
            deliveries.c.officer == taken[0].officer,
            deliveries.c.channel == taken[0].channel,
            deliveries.c.state == DeliveryState.SENT.value,
        )
    )
    first = await db.scalar(begun.order_by(deliveries.c.id).limit(1))
    return Bundle(taken, about, plan_.loud, message, campaign_of(row), receipt, first)
