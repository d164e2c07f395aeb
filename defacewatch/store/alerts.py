"""The outbox's rows: alerts, claimed step by step, and deliveries, claimed one attempt at a time.

A claim moves the due time ahead by a lease before anything is done, and commits. Whoever claimed and died,
or met a row that cannot be worked on, leaves it to be claimed again after the lease, and the rows behind it
are not held up. Two processes never hold the same claim: PostgreSQL skips rows that another is claiming,
SQLite has one writer.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, insert, literal_column, or_, select, tuple_, update
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from defacewatch.alerts import (
    LEASE,
    Alert,
    AlertKind,
    Delivery,
    DeliveryState,
    Draft,
    Wanted,
)
from defacewatch.errors import NotFound
from defacewatch.portals import DRILL
from defacewatch.store.alertschema import UNFINISHED, alerts, deliveries
from defacewatch.store.engine import Engine
from defacewatch.store.heard import come_back_unheard, is_taken, is_unheard, taken
from defacewatch.store.moves import add_alert
from defacewatch.store.rows import Columns, Values, alert_of, delivery_of, part
from defacewatch.store.told import Told, told_of

LOOKED_AT = 200  # alerts

_UNSENT = deliveries.c.state != literal_column("'sent'")  # in these words there is an index of them


@dataclass(frozen=True)
class Failure:
    """An attempt that failed: the `attempts`-th (None: whichever), to be made again at `next_at` (None: given
    up); `also` are others to be told."""

    delivery: int
    error: str
    next_at: datetime | None = None
    also: tuple[Wanted, ...] = ()
    attempts: int | None = None


@dataclass(frozen=True)
class Backlog:
    """What is in the outbox: deliveries not sent, by channel and state, alerts whose step is due and
    not yet taken, and how long the oldest delivery that is not given up has been waiting."""

    deliveries: Mapping[tuple[str, DeliveryState], int]
    alerts: int
    oldest: timedelta | None


class Alerts:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def raise_(
        self, draft: Draft, *, now: datetime, page: str | None = None, incident: int | None = None
    ) -> int:
        """Record an alert outside a check; its id."""
        return await self.engine.last(lambda db: add_alert(db, draft, at=now, page=page, incident=incident))

    async def last(
        self, kinds: Collection[AlertKind], *, facts: Mapping[str, object] | None = None
    ) -> Alert | None:
        """The latest alert of one of these kinds, among whose facts are these (looked for among the last
        `LOOKED_AT`)."""
        query = select(alerts).where(alerts.c.kind.in_([kind.value for kind in kinds]))
        newest = query.order_by(alerts.c.id.desc()).limit(LOOKED_AT if facts else 1)
        rows = await self.engine.read(lambda db: db.execute(newest).all())
        found = (alert_of(part(row, alerts)) for row in rows)
        wanted = dict(facts or {})
        return next((alert for alert in found if wanted.items() <= dict(alert.facts).items()), None)

    async def newest_by(self, fact: str, kinds: Collection[AlertKind]) -> dict[str, AlertKind]:
        """Which of these kinds the latest alert was, for each value of a fact (among the last
        `LOOKED_AT`)."""
        query = select(alerts).where(alerts.c.kind.in_([kind.value for kind in kinds]))
        newest = query.order_by(alerts.c.id.desc()).limit(LOOKED_AT)
        rows = await self.engine.read(lambda db: db.execute(newest).all())
        found = [alert_of(part(row, alerts)) for row in reversed(rows)]
        return {str(alert.facts.get(fact, "")): alert.kind for alert in found}

    async def of_incident(self, incident: int, kind: AlertKind) -> list[Alert]:
        """The alerts of a kind about an incident, in order."""
        query = select(alerts).where(alerts.c.incident == incident, alerts.c.kind == kind.value)
        rows = await self.engine.read(lambda db: db.execute(query.order_by(alerts.c.id)).all())
        return [alert_of(part(row, alerts)) for row in rows]

    async def kinds_since(self, since: datetime) -> list[str]:
        """The kinds of all alerts since a moment but those of drills."""
        real = or_(alerts.c.page.is_(None), alerts.c.page.not_like(f"%{DRILL}"))
        query = select(alerts.c.kind).where(alerts.c.at >= since, real)
        return list(await self.engine.read(lambda db: db.scalars(query).all()))

    async def claim(self, now: datetime, *, only: Collection[int] | None = None) -> Alert | None:
        """Claim the alert whose next step is due (of those numbered in `only`), for as long as the lease.

        The first step is always taken. Later ones stop once the incident is acknowledged or resolved, or
        sight is back.
        """
        due = alerts.c.next_step_at <= now
        if only is not None:
            due = and_(due, alerts.c.id.in_(only))
        any_due = select(alerts.c.id).where(due).limit(1)
        if await self.engine.read(lambda db: db.scalar(any_due)) is None:
            return None
        async with self.engine.writing() as db:
            over = select(alerts.c.id).where(due, is_taken()).with_for_update(of=alerts, skip_locked=True)
            await db.execute(update(alerts).where(alerts.c.id.in_(over)).values(next_step_at=None))
            first = select(alerts.c.id).where(due).order_by(alerts.c.next_step_at, alerts.c.id).limit(1)
            claimed = await db.scalar(first.with_for_update(skip_locked=True))
            if claimed is None:
                return None
            leased = update(alerts).where(alerts.c.id == claimed).values(next_step_at=now + LEASE)
            return alert_of(part((await db.execute(leased.returning(alerts))).one(), alerts))

    async def expand(
        self,
        alert: int,
        wanted: Sequence[Wanted],
        *,
        step: int,
        next_step_at: datetime | None,
        now: datetime,
        reached: datetime | None = None,
    ) -> None:
        """Write the deliveries of an alert's step, which was due at `reached` (None: none is taken), and
        `step` as the next one, due at `next_step_at`.

        Done twice it does nothing: a claim that outlived its lease cannot tell anyone again. A later step is
        dropped when the incident was taken meanwhile. Raises NotFound.
        """
        async with self.engine.lasting() as db:
            current = await _alert_for_update(db, alert)
            if current["step"] > step or (wanted and current["step"] == step):
                return
            if await taken(db, alert):
                wanted, next_step_at = (), None
            await _add_deliveries(db, alert, wanted, now)
            moved = update(alerts).where(alerts.c.id == alert)
            due: Values = {"reached": reached} if reached is not None else {}
            await db.execute(moved.values(step=step, next_step_at=next_step_at, **due))
            await come_back_unheard(db, alert, now)

    async def tell_again(self, alert: int, wanted: Sequence[Wanted], *, now: datetime) -> bool:
        """All steps of an alert are taken: if nobody has heard of it, make `wanted` due as if they were new.

        What was given up of them starts over. Without anyone to tell, the alert comes back. False when it is
        done: somebody has heard of it, may yet, or has taken it. Raises NotFound.
        """
        async with self.engine.lasting() as db:
            await _alert_for_update(db, alert)
            await db.execute(update(alerts).where(alerts.c.id == alert).values(next_step_at=None))
            if await taken(db, alert) or not await is_unheard(db, alert):
                return False
            fresh = {"state": DeliveryState.PENDING.value, "attempts": 0, "created_at": now, "next_at": now}
            key = tuple_(deliveries.c.step, deliveries.c.channel, deliveries.c.officer)
            given_up = update(deliveries).where(
                deliveries.c.alert == alert,
                deliveries.c.state == DeliveryState.FAILED.value,
                key.in_([(w.step, w.channel, w.officer or "") for w in wanted]),
            )
            await db.execute(given_up.values(**fresh))
            await _add_deliveries(db, alert, wanted, now)
            await come_back_unheard(db, alert, now)
            return True

    async def claim_delivery(
        self, channel: str, *, now: datetime, only: Collection[int] | None = None
    ) -> Delivery | None:
        """Claim the delivery on `channel` that is due (of the alerts numbered in `only`).

        It is marked as being sent, and counted as an attempt, before this returns. One whose sender died is
        due again after the lease.
        """
        due = and_(deliveries.c.channel == channel, deliveries.c.next_at <= now, UNFINISHED)
        if only is not None:
            due = and_(due, deliveries.c.alert.in_(only))
        any_due = select(deliveries.c.id).where(due).limit(1)
        if await self.engine.read(lambda db: db.scalar(any_due)) is None:
            return None
        async with self.engine.writing() as db:
            first = select(deliveries.c.id).where(due).order_by(deliveries.c.next_at, deliveries.c.id)
            claimed = await db.scalar(first.limit(1).with_for_update(skip_locked=True))
            if claimed is None:
                return None
            leased = (
                update(deliveries)
                .where(deliveries.c.id == claimed)
                .values(
                    state=DeliveryState.SENDING.value,
                    attempts=deliveries.c.attempts + 1,
                    next_at=now + LEASE,
                    message=None,
                )
            )
            return delivery_of(part((await db.execute(leased.returning(deliveries))).one(), deliveries))

    async def sent(self, delivery: int, receipt: str, *, now: datetime) -> None:
        """A delivery got through: keep the provider's receipt."""
        async with self.engine.lasting() as db:
            await db.execute(
                update(deliveries)
                .where(deliveries.c.id == delivery)
                .values(
                    state=DeliveryState.SENT.value, receipt=receipt, error=None, sent_at=now, next_at=None
                )
            )

    async def failed(
        self,
        delivery: int,
        error: str,
        *,
        next_at: datetime | None = None,
        also: Sequence[Wanted] = (),
        now: datetime,
    ) -> None:
        """An attempt failed: try again at `next_at`, or give up (None); `also` are others to be told. See
        `all_failed`. Raises NotFound."""
        await self.all_failed([Failure(delivery, error, next_at, tuple(also))], now=now)

    async def all_failed(self, failures: Sequence[Failure], *, now: datetime) -> None:
        """Attempts failed, all at once.

        An alert that must not be lost, with nobody left who might hear of it, comes back after a while.
        Does nothing to a delivery that another sender has brought through or claimed meanwhile. Raises
        NotFound.
        """
        async with self.engine.lasting() as db:
            await _alerts_for_update(db, [failure.delivery for failure in failures])
            for failure in failures:
                await _failed(db, failure, now)

    async def facts(self, alert: int) -> Told:
        """What a message about an alert needs. Raises NotFound."""
        async with self.engine.reading() as db:
            row = (await db.execute(select(alerts).where(alerts.c.id == alert))).one_or_none()
            if row is None:
                raise NotFound(f"there is no alert {alert}")
            return await told_of(db, part(row, alerts))

    async def deliveries(self, *, alert: int | None = None, incident: int | None = None) -> list[Delivery]:
        """The deliveries of an alert, or of all alerts of an incident, in order."""
        query = select(deliveries).order_by(deliveries.c.id)
        if alert is not None:
            query = query.where(deliveries.c.alert == alert)
        if incident is not None:
            query = query.join(alerts, deliveries.c.alert == alerts.c.id).where(alerts.c.incident == incident)
        async with self.engine.reading() as db:
            return [delivery_of(part(row, deliveries)) for row in await db.execute(query)]

    async def latest(
        self, limit: int, *, before: int | None = None, incident: int | None = None
    ) -> list[Delivery]:
        """The latest deliveries, newest first, older ones than `before`; those of an incident alone."""
        query = select(deliveries).order_by(deliveries.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(deliveries.c.id < before)
        if incident is not None:
            query = query.join(alerts, deliveries.c.alert == alerts.c.id).where(alerts.c.incident == incident)
        rows = await self.engine.read(lambda db: db.execute(query).all())
        return [delivery_of(part(row, deliveries)) for row in rows]

    async def delivery(self, number: int) -> Delivery:
        """One delivery. Raises NotFound."""
        query = select(deliveries).where(deliveries.c.id == number)
        async with self.engine.reading() as db:
            row = (await db.execute(query)).one_or_none()
        if row is None:
            raise NotFound(f"there is no delivery {number}")
        return delivery_of(part(row, deliveries))

    async def stranded(
        self, channels: Collection[str], *, only: Collection[int] | None = None
    ) -> list[Delivery]:
        """Unfinished deliveries on other channels than these: nobody will claim them."""
        query = select(deliveries).where(UNFINISHED, deliveries.c.channel.not_in(list(channels)))
        if only is not None:
            query = query.where(deliveries.c.alert.in_(only))
        async with self.engine.reading() as db:
            rows = await db.execute(query.order_by(deliveries.c.id))
            return [delivery_of(part(row, deliveries)) for row in rows]

    async def hasten(self, channel: str, *, now: datetime) -> int:
        """What waits to be tried again on `channel` is due at once, since it answers again; how many."""
        waits = and_(
            deliveries.c.channel == channel,
            deliveries.c.state == DeliveryState.PENDING.value,
            deliveries.c.next_at > now,
            deliveries.c.attempts > 0,
        )
        return await self.engine.last(
            lambda db: db.execute(update(deliveries).where(waits).values(next_at=now)).rowcount
        )

    async def backlog(self, now: datetime) -> Backlog:
        """What is waiting, for metrics and the health check."""
        return await self.engine.read(lambda db: _backlog(db, now))


async def _failed(db: AsyncConnection, failure: Failure, now: datetime) -> None:
    alert = await db.scalar(select(deliveries.c.alert).where(deliveries.c.id == failure.delivery))
    if alert is None:
        raise NotFound(f"there is no delivery {failure.delivery}")
    await _alert_for_update(db, alert)
    state = DeliveryState.FAILED if failure.next_at is None else DeliveryState.PENDING
    mine = and_(deliveries.c.id == failure.delivery, UNFINISHED)
    if failure.attempts is not None:
        mine = and_(mine, deliveries.c.attempts == failure.attempts)
    values = {"state": state.value, "error": failure.error, "next_at": failure.next_at}
    moved = await db.execute(update(deliveries).where(mine).values(**values))
    if moved.rowcount:
        await _add_deliveries(db, alert, failure.also, now)
        await come_back_unheard(db, alert, now)


def _backlog(db: Connection, now: datetime) -> Backlog:
    counting = select(deliveries.c.channel, deliveries.c.state, func.count()).where(_UNSENT)
    counts = db.execute(counting.group_by(deliveries.c.channel, deliveries.c.state))
    due = db.scalar(select(func.count()).where(alerts.c.next_step_at <= now))
    oldest = db.scalar(select(func.min(deliveries.c.created_at)).where(_UNSENT, UNFINISHED))
    return Backlog(
        {(channel, DeliveryState(state)): count for channel, state, count in counts},
        due or 0,
        None if oldest is None else now - oldest,
    )


async def _alert_for_update(db: AsyncConnection, alert: int) -> Columns:
    """An alert; others who would add deliveries to it wait until this transaction ends."""
    row = (await db.execute(select(alerts).where(alerts.c.id == alert).with_for_update())).one_or_none()
    if row is None:
        raise NotFound(f"there is no alert {alert}")
    return part(row, alerts)


async def _alerts_for_update(db: AsyncConnection, of: Sequence[int]) -> None:
    """The alerts of these deliveries, in the order in which everybody takes them: two that want several of
    the same never wait for each other."""
    theirs = select(deliveries.c.alert).where(deliveries.c.id.in_(of))
    await db.execute(
        select(alerts.c.id).where(alerts.c.id.in_(theirs)).order_by(alerts.c.id).with_for_update()
    )


async def _add_deliveries(db: AsyncConnection, alert: int, wanted: Sequence[Wanted], now: datetime) -> None:
    """Write the deliveries that are not there yet, due at once."""
    there = select(deliveries.c.step, deliveries.c.channel, deliveries.c.officer)
    known = {tuple(row) for row in await db.execute(there.where(deliveries.c.alert == alert))}
    fresh = {(w.step, w.channel, w.officer or ""): None for w in wanted}
    rows = [
        {
            "alert": alert,
            "step": step,
            "channel": channel,
            "officer": officer,
            "state": DeliveryState.PENDING.value,
            "attempts": 0,
            "created_at": now,
            "next_at": now,
        }
        for step, channel, officer in fresh
        if (step, channel, officer) not in known
    ]
    if rows:
        await db.execute(insert(deliveries), rows)
