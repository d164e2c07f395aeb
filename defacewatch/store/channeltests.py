"""Tests of channels at the start of a shift, and who has answered them where."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from defacewatch.alerts import FAIL_OVER_AFTER, AlertKind, DeliveryState, Draft
from defacewatch.audit import Act, Actor
from defacewatch.errors import NotFound
from defacewatch.language import N_
from defacewatch.portals import Urgency
from defacewatch.shifttests import ChannelTest
from defacewatch.store.alertschema import alerts, deliveries
from defacewatch.store.audit import note
from defacewatch.store.dutyschema import channel_tests
from defacewatch.store.engine import Engine
from defacewatch.store.moves import add_alert
from defacewatch.store.trials import ASKING, refuse_again

Told = Sequence[Mapping[str, object]]

LISTED = 300  # messages of such tests


@dataclass(frozen=True)
class Tried:
    """One message of a test that somebody (`by`) asked for, and what became of it."""

    officer: str
    channel: str
    at: datetime
    by: str
    state: DeliveryState
    sent_at: datetime | None = None
    receipt: str | None = None
    error: str | None = None


class ChannelTests:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def last(
        self, shifts: int = 1, *, officer: str | None = None, before: int | None = None
    ) -> list[ChannelTest]:
        """The tests of the latest changes of shift that had any, the newest first, older ones than the
        handover `before`; of one officer alone."""
        mine = channel_tests.c.officer == officer if officer else channel_tests.c.officer.is_not(None)
        newest = select(channel_tests.c.handover).where(mine).distinct()
        newest = newest.order_by(channel_tests.c.handover.desc()).limit(shifts)
        if before is not None:
            newest = newest.where(channel_tests.c.handover < before)
        query = _found().where(mine, channel_tests.c.handover.in_(newest))
        return await self.engine.read(lambda db: _read(db, query))

    async def since(self, at: datetime) -> list[ChannelTest]:
        """The tests of all changes of shift since a moment, the newest first."""
        return await self.engine.read(lambda db: _read(db, _found().where(channel_tests.c.at >= at)))

    async def of(self, handover: int) -> list[ChannelTest]:
        """The tests of one change of shift."""
        query = _found().where(channel_tests.c.handover == handover)
        return await self.engine.read(lambda db: _read(db, query))

    async def received(
        self, channel: str, *, officer: str, via: str, now: datetime, source: str = ""
    ) -> ChannelTest:
        """An officer says that the latest test on a channel of theirs has arrived, `via` a word for how,
        `source` from where as the audit log has it (`via` by default); said again it is as it was. Raises
        NotFound where there was none."""
        mine = and_(channel_tests.c.officer == officer, channel_tests.c.channel == channel)
        async with self.engine.lasting() as db:
            newest = select(channel_tests.c.handover).where(mine)
            number = await db.scalar(newest.order_by(channel_tests.c.handover.desc()).limit(1))
            if number is None:
                raise NotFound(
                    N_("no test of {channel} was sent to {officer}"), channel=channel, officer=officer
                )
            await answered(db, number, officer=officer, channel=channel, via=via, now=now)
            key, actor, after = self.engine.audit_key, Actor(officer, source or via), {"channel": channel}
            of = f"handover {number}"
            await db.run_sync(note, key, actor, Act.CHANNEL_RECEIVED, at=now, of=of, after=after)
            query = _found().where(mine, channel_tests.c.handover == number)
            return (await db.run_sync(lambda sync: _read(sync, query)))[0]

    async def ask(self, officer: str, channel: str | None, *, by: str, via: str, now: datetime) -> int:
        """Have a test sent to an officer, on one channel or on all; the alert's id. Raises Conflict where
        somebody has asked for one within `PAUSE`."""
        facts = {"by": by, **({"channel": channel} if channel else {})}
        async with self.engine.lasting() as db:
            await self.engine.exclusive(db, ASKING)
            await db.run_sync(refuse_again, (officer,), now=now)
            draft = Draft(AlertKind.TEST, Urgency.HIGH, facts, officer)
            number: int = await db.run_sync(add_alert, draft, at=now)
            key, of = self.engine.audit_key, f"officer {officer}"
            after = {"alert": number, "channel": channel or "all"}
            await db.run_sync(note, key, Actor(by, via), Act.CHANNEL_TESTED, at=now, of=of, after=after)
            return number

    async def tried(self) -> list[Tried]:
        """What became of the latest tests that somebody asked for, the newest first."""
        own = (alerts.c.at, alerts.c.facts)
        query = select(deliveries, *own).join(alerts, deliveries.c.alert == alerts.c.id)
        query = query.where(alerts.c.kind == AlertKind.TEST.value).order_by(deliveries.c.id.desc())
        rows = await self.engine.read(lambda db: db.execute(query.limit(LISTED)).all())
        return [
            Tried(
                row.officer,
                row.channel,
                row.at,
                str(facts.get("by", "")),
                DeliveryState(row.state),
                row.sent_at,
                row.receipt,
                row.error,
            )
            for row in rows
            if "handover" not in (facts := json.loads(row.facts))
        ]

    async def tell(self, tests: Sequence[int], facts: Told, *, to: Sequence[str], now: datetime) -> bool:
        """Tell those who lead (by key) of tests that were not answered, or could not be delivered; each
        once."""
        async with self.engine.lasting() as db:
            if not await told(db, tests, now=now):
                return False
            draft = Draft(
                AlertKind.CHANNEL_UNPROVED, Urgency.HIGH, {"to": list(to), "unproved": [*map(dict, facts)]}
            )
            await db.run_sync(add_alert, draft, at=now)
            return True


async def begun(
    db: AsyncConnection,
    handover: int,
    alerts: Mapping[tuple[str, str], int],
    *,
    at: datetime,
    now: datetime,
) -> None:
    """Enter the tests of a change of shift: officers (by key) and their channels, with the alert of each."""
    asked = {"handover": handover, "at": at, "asked_at": now}
    rows = [
        asked | {"officer": officer, "channel": channel, "alert": alert}
        for (officer, channel), alert in alerts.items()
    ]
    if rows:
        await db.execute(insert(channel_tests), rows)


async def answered(
    db: AsyncConnection, handover: int, *, officer: str, channel: str, via: str, now: datetime
) -> None:
    """Note that an officer has answered on a channel, if that was tested and is not answered yet."""
    test = and_(
        channel_tests.c.handover == handover,
        channel_tests.c.officer == officer,
        channel_tests.c.channel == channel,
        channel_tests.c.acknowledged_at.is_(None),
    )
    await db.execute(update(channel_tests).where(test).values(acknowledged_at=now, via=via))


async def told(db: AsyncConnection, tests: Sequence[int], *, now: datetime) -> int:
    """Note that those who lead are told of tests; of how many they were not yet."""
    fresh = and_(channel_tests.c.id.in_(list(tests)), channel_tests.c.told_at.is_(None))
    return (await db.execute(update(channel_tests).where(fresh).values(told_at=now))).rowcount


def _found() -> Select[tuple[object, ...]]:
    """Tests with what is known of their deliveries; of old ones that is gone."""
    its = and_(
        deliveries.c.alert == channel_tests.c.alert,
        deliveries.c.officer == channel_tests.c.officer,
        deliveries.c.channel == channel_tests.c.channel,
    )
    c = deliveries.c
    return (
        select(channel_tests, c.state, c.attempts, c.sent_at, c.receipt, c.error)
        .outerjoin(deliveries, its)
        .order_by(channel_tests.c.handover.desc(), channel_tests.c.id)
    )


def _read(db: Connection, query: Select[tuple[object, ...]]) -> list[ChannelTest]:
    found: dict[int, ChannelTest] = {}
    for row in db.execute(query):
        unsent = row.state is not None and row.state != DeliveryState.SENT.value
        given_up = row.state == DeliveryState.FAILED.value
        test = ChannelTest(
            row.id,
            row.handover,
            row.at,
            row.asked_at,
            row.officer,
            row.channel,
            row.sent_at,
            row.receipt,
            given_up or (unsent and row.attempts >= FAIL_OVER_AFTER),
            row.error,
            row.acknowledged_at,
            row.via,
            row.told_at,
        )
        known = found.get(row.id)
        if known is None or known.sent_at is None:  # of two deliveries on a channel, the one that got through
            found[row.id] = test
    return list(found.values())
