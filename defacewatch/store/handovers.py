"""Handovers and who has confirmed them."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from defacewatch.alerts import AlertKind, Draft
from defacewatch.audit import Act, Actor
from defacewatch.errors import Conflict, NotFound
from defacewatch.handovers import Confirmed, Handover
from defacewatch.language import N_
from defacewatch.portals import Urgency
from defacewatch.store import channeltests
from defacewatch.store.audit import note
from defacewatch.store.dutyschema import confirmations, handovers
from defacewatch.store.engine import Engine
from defacewatch.store.moves import add_alert
from defacewatch.store.rows import Columns, part


class Handovers:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def begin(
        self,
        handover: Handover,
        *,
        now: datetime,
        tests: Sequence[tuple[str, str]] = (),
        short: Sequence[tuple[str, str]] = (),
    ) -> int | None:
        """Enter a handover, and tell those who have to confirm it; its id, None when this change of shift was
        entered before. Its message also makes these `tests`: officers (by key) and channels; those of them
        that are `short` have a message of their own, since the handover does not go there."""
        async with self.engine.lasting() as db:
            await self.engine.exclusive(db, _BEGINNING)
            known = select(handovers.c.id).where(handovers.c.at == handover.at)
            if await db.scalar(known) is not None:
                return None
            values = {
                "at": handover.at,
                "outgoing": json.dumps(handover.outgoing),
                "incoming": json.dumps(handover.incoming),
                "summary": json.dumps(dict(handover.summary), ensure_ascii=False),
                "begun_at": now,
            }
            made = await db.execute(insert(handovers).values(values).returning(handovers.c.id))
            number = int(made.scalar_one())
            facts = {
                "handover": number,
                "to": list(handover.people),
                "outgoing": list(handover.outgoing),
                "incoming": list(handover.incoming),
                "summary": dict(handover.summary),
                "tests": [list(test) for test in tests if test not in short],
            }
            draft = Draft(AlertKind.HANDOVER, Urgency.HIGH, facts)
            alert = await db.run_sync(add_alert, draft, at=now)
            alerts = dict.fromkeys(tests, alert)
            for officer, channel in short:
                facts = {"handover": number, "channel": channel}
                draft = Draft(AlertKind.TEST, Urgency.HIGH, facts, officer)
                alerts[officer, channel] = await db.run_sync(add_alert, draft, at=now)
            await channeltests.begun(db, number, alerts, at=handover.at, now=now)
            return number

    async def confirm(
        self,
        number: int,
        *,
        officer: str,
        via: str,
        now: datetime,
        channel: str | None = None,
        source: str = "",
    ) -> Handover:
        """An officer confirms, `via` a word for how, `source` from where as the audit log has it (`via` by
        default); asked again it is as it was. What is answered to a message on a `channel` proves that
        channel, each by itself. Raises NotFound, and Conflict for somebody who has nothing to confirm."""
        async with self.engine.lasting() as db:
            there = await _handover(db, number, lock=True)
            if officer not in there.people:
                facts = {"number": number, "people": ", ".join(there.people)}
                raise Conflict(N_("handover {number} is between {people}"), **facts)
            fresh = officer not in there.confirmed
            if fresh:
                values = {"handover": number, "officer": officer, "at": now, "via": via}
                await db.execute(insert(confirmations).values(values))
            if channel is not None:
                await channeltests.answered(db, number, officer=officer, channel=channel, via=via, now=now)
            if fresh:
                key, actor, of = self.engine.audit_key, Actor(officer, source or via), f"handover {number}"
                await db.run_sync(note, key, actor, Act.HANDOVER_CONFIRMED, at=now, of=of)
            return await _handover(db, number)

    async def escalate(
        self,
        number: int,
        *,
        to: tuple[str, ...],
        missing: str,
        now: datetime,
        tests: Sequence[int] = (),
        unproved: channeltests.Told = (),
    ) -> bool:
        """Tell those who lead that somebody (`missing`, by name) has not confirmed, and which `tests` of
        channels were not answered (as they are told: `unproved`); once."""
        async with self.engine.lasting() as db:
            there = await _handover(db, number, lock=True)
            if there.escalated_at is not None or not there.missing:
                return False
            await db.execute(update(handovers).where(handovers.c.id == number).values(escalated_at=now))
            await channeltests.told(db, tests, now=now)
            facts = {
                "handover": number,
                "to": list(to),
                "missing": missing,
                "unproved": [dict(one) for one in unproved],
            }
            draft = Draft(AlertKind.HANDOVER_OPEN, Urgency.HIGH, facts)
            await db.run_sync(add_alert, draft, at=now)
            return True

    async def get(self, number: int) -> Handover:
        """One handover. Raises NotFound."""
        async with self.engine.reading() as db:
            return await _handover(db, number)

    async def last(self, count: int = 1, *, before: datetime | None = None) -> list[Handover]:
        """The latest handovers, the newest first, those `before` a moment."""
        async with self.engine.reading() as db:
            newest = select(handovers.c.id).order_by(handovers.c.at.desc()).limit(count)
            if before is not None:
                newest = newest.where(handovers.c.at < before)
            return [await _handover(db, number) for number in list(await db.scalars(newest))]


def between(db: Connection, start: datetime, end: datetime) -> list[Handover]:
    """The handovers from `start` to before `end`, the first one first."""
    within = (handovers.c.at >= start, handovers.c.at < end)
    query = select(confirmations).join(handovers, confirmations.c.handover == handovers.c.id).where(*within)
    confirmed: defaultdict[int, dict[str, Confirmed]] = defaultdict(dict)
    for row in db.execute(query.order_by(confirmations.c.at)):
        confirmed[row.handover][row.officer] = Confirmed(row.at, row.via)
    rows = db.execute(select(handovers).where(*within).order_by(handovers.c.at))
    return [_handover_of(part(row, handovers), confirmed[row.id]) for row in rows]


_BEGINNING = 7  # the number of our advisory lock


async def _handover(db: AsyncConnection, number: int, *, lock: bool = False) -> Handover:
    query = select(handovers).where(handovers.c.id == number)
    row = (await db.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None:
        raise NotFound(N_("there is no handover {number}"), number=number)
    of_it = select(confirmations).where(confirmations.c.handover == number).order_by(confirmations.c.at)
    confirmed = {row.officer: Confirmed(row.at, row.via) for row in await db.execute(of_it)}
    return _handover_of(part(row, handovers), confirmed)


def _handover_of(row: Columns, confirmed: Mapping[str, Confirmed]) -> Handover:
    return Handover(
        row["at"],
        tuple(json.loads(row["outgoing"])),
        tuple(json.loads(row["incoming"])),
        json.loads(row["summary"]),
        row["id"],
        confirmed,
        row["escalated_at"],
        row["begun_at"],
    )
