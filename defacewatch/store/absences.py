"""Leave and swaps that were not written into the roster's file. Nothing is changed or deleted afterwards:
what no longer holds is withdrawn, and says by whom."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, insert, select, update

from defacewatch.audit import Act, Actor
from defacewatch.errors import Conflict, NotFound
from defacewatch.language import N_
from defacewatch.shifts import Absence, Entered
from defacewatch.store.audit import note
from defacewatch.store.dutyschema import absences
from defacewatch.store.engine import Engine
from defacewatch.store.rows import Columns, part


class Absences:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def add(self, some: Sequence[Absence], *, by: str, now: datetime, via: str = "") -> tuple[int, ...]:
        """Enter absences; their ids. Several are the halves of a swap, and are withdrawn together."""
        async with self.engine.lasting() as db:
            made: list[int] = []
            for absence in some:
                values = {
                    "officer": absence.officer,
                    "starts": absence.start,
                    "ends": absence.end,
                    "instead": absence.instead,
                    "reason": absence.reason,
                    "by": by,
                    "at": now,
                    "swap": made[0] if made else None,
                }
                made.append(
                    (await db.execute(insert(absences).values(values).returning(absences.c.id))).scalar_one()
                )
            if len(made) > 1:
                first = update(absences).where(absences.c.id == made[0])
                await db.execute(first.values(swap=made[0]))
            for absence in some:
                times = {"starts": absence.start.isoformat(), "ends": absence.end.isoformat()}
                after = {**times, "instead": absence.instead, "reason": absence.reason}
                key, of = self.engine.audit_key, f"officer {absence.officer}"
                actor = Actor(by, via)
                await db.run_sync(note, key, actor, Act.ABSENCE_ENTERED, at=now, of=of, after=after)
            return tuple(made)

    async def withdraw(self, number: int, *, by: str, now: datetime, via: str = "") -> tuple[int, ...]:
        """Withdraw an absence, and the other half of a swap; the ids of what was withdrawn. Raises NotFound,
        and Conflict when it has been withdrawn already."""
        async with self.engine.lasting() as db:
            row = (
                await db.execute(select(absences).where(absences.c.id == number).with_for_update())
            ).one_or_none()
            if row is None:
                raise NotFound(N_("there is no absence {number}"), number=number)
            there = entered_of(part(row, absences))
            if there.withdrawn_at is not None:
                facts = {"number": number, "by": there.withdrawn_by}
                raise Conflict(N_("absence {number} was withdrawn by {by} already"), **facts)
            whole = absences.c.swap == there.swap if there.swap is not None else absences.c.id == number
            moved = update(absences).where(whole).values(withdrawn_by=by, withdrawn_at=now)
            gone = tuple(sorted(await db.scalars(moved.returning(absences.c.id))))
            of, after = f"officer {there.absence.officer}", {"absences": list(gone)}
            key, act = self.engine.audit_key, Act.ABSENCE_WITHDRAWN
            await db.run_sync(note, key, Actor(by, via), act, at=now, of=of, after=after)
            return gone

    async def get(self, number: int) -> Entered:
        """One, as it was entered. Raises NotFound."""
        query = select(absences).where(absences.c.id == number)
        async with self.engine.reading() as db:
            row = (await db.execute(query)).one_or_none()
        if row is None:
            raise NotFound(N_("there is no absence {number}"), number=number)
        return entered_of(part(row, absences))

    async def standing(self) -> tuple[Absence, ...]:
        """Those that hold, by id."""
        query = select(absences).where(absences.c.withdrawn_at.is_(None)).order_by(absences.c.id)
        return tuple(entry.absence for entry in await self._read(query))

    async def every(self) -> tuple[Entered, ...]:
        """All that was ever entered, by id."""
        return await self._read(select(absences).order_by(absences.c.id))

    async def latest(self, limit: int, *, before: int | None = None) -> tuple[Entered, ...]:
        """Those that were entered last, the newest first, `before` the one with this id."""
        query = select(absences).order_by(absences.c.id.desc()).limit(limit)
        return await self._read(query if before is None else query.where(absences.c.id < before))

    async def whole(self, number: int) -> tuple[Entered, ...]:
        """One, or both halves of the swap that it belongs to. Raises NotFound."""
        one = await self.get(number)
        if one.swap is None:
            return (one,)
        return await self._read(select(absences).where(absences.c.swap == one.swap).order_by(absences.c.id))

    async def _read(self, query: Select[Any]) -> tuple[Entered, ...]:
        async with self.engine.reading() as db:
            return tuple(entered_of(part(row, absences)) for row in await db.execute(query))


def entered_of(row: Columns) -> Entered:
    return Entered(
        Absence(row["officer"], row["starts"], row["ends"], row["instead"], row["reason"], row["id"]),
        row["by"],
        row["at"],
        row["swap"],
        row["withdrawn_by"],
        row["withdrawn_at"],
    )
