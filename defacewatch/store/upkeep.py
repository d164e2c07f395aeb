"""Upkeep: what is old goes, what is kept is checked, and everything can be saved and brought back."""

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from defacewatch.audit import Actor
from defacewatch.errors import DefacewatchError, StoreError
from defacewatch.incidents import State
from defacewatch.store.backup import BackedUp, back_up, restore
from defacewatch.store.blobs import Blobs
from defacewatch.store.engine import Engine
from defacewatch.store.evidence import APPROVED, KEPT, Named, named
from defacewatch.store.retention import Removed, Retention
from defacewatch.store.schema import incidents
from defacewatch.store.vacuum import database_size, give_back, rebuild

__all__ = ["BackedUp", "Removed", "Sizes", "Upkeep"]


@dataclass(frozen=True)
class Sizes:
    """Bytes on disk: of the database, of the evidence, of the approved looks."""

    database: int
    evidence: int
    baselines: int


class Upkeep:
    def __init__(self, engine: Engine, evidence: Blobs, approved: Blobs) -> None:
        self.engine, self.evidence, self.approved = engine, evidence, approved
        self._evidence: int | None = None  # bytes, as counted last
        self._baselines: int | None = None

    async def retention(self, *, now: datetime, max_age: timedelta, max_bytes: int) -> Removed:
        """Delete what is too old or too much, and give the disk back what it took; see `Retention.run`."""
        removed = await Retention(self.engine, self.evidence).run(
            now=now, max_age=max_age, max_bytes=max_bytes
        )
        self._evidence = removed.evidence
        self._baselines = await asyncio.to_thread(self.approved.total)
        return replace(removed, freed=await self.vacuum())

    async def vacuum(self) -> int:
        """Give the disk back what is free in the database, while everything goes on; see `give_back`."""
        return await give_back(self.engine)

    async def rebuild(self) -> None:
        """Make an SQLite database anew, once, so that `vacuum` works on it; see `vacuum.rebuild`."""
        await rebuild(self.engine)

    async def sizes(self) -> Sizes:
        """What the store takes on disk. Files are counted by retention, and when this is asked first."""
        if self._evidence is None:
            self._evidence = await asyncio.to_thread(self.evidence.total)
        if self._baselines is None:
            self._baselines = await asyncio.to_thread(self.approved.total)
        return Sizes(await database_size(self.engine), self._evidence, self._baselines)

    async def backup(self, file: Path) -> BackedUp:
        """Save everything, as it is at one moment, in one file; see `backup.back_up`."""
        return await back_up(self.engine, self.evidence, self.approved, file)

    async def restore(self, file: Path, *, actor: Actor, now: datetime, force: bool = False) -> None:
        """Bring back what `backup` saved; see `backup.restore`."""
        await restore(self.engine, self.evidence, self.approved, file, actor=actor, now=now, force=force)

    async def check(self) -> list[str]:
        """What is wrong with the store, one line each: damage of the database, blobs that are missing or
        damaged, pages with two unresolved incidents. Reads every blob."""
        try:
            async with self.engine.reading() as db:
                problems = await _database_problems(db, sqlite=self.engine.sqlite)
                trusted, kept = await named(db, APPROVED), await named(db, KEPT, ~APPROVED)
        except StoreError as error:  # so damaged that it cannot even be searched for damage
            return [str(error)]
        for blobs, captures, kind in ((self.approved, trusted, "approved "), (self.evidence, kept, "")):
            found = await asyncio.to_thread(_blob_problems, blobs, captures)
            problems += [f"{kind}capture {problem}" for problem in found]
        return problems


def _blob_problems(blobs: Blobs, captures: list[Named]) -> list[str]:
    problems: list[str] = []
    seen: set[str] = set()
    for one in captures:
        for blob in sorted(one.blobs - seen):
            try:
                blobs.get(blob)
            except DefacewatchError as error:
                problems.append(f"{one.capture}: {error}")
        seen |= one.blobs
    return problems


async def _database_problems(db: AsyncConnection, *, sqlite: bool) -> list[str]:
    """What is wrong with the rows. PostgreSQL checks its pages and foreign keys by itself."""
    problems: list[str] = []
    if sqlite:
        lines = await db.scalars(text("PRAGMA integrity_check"))
        problems += [f"the database is damaged: {line}" for line in lines if line != "ok"]
        for table, row, other, _ in await db.execute(text("PRAGMA foreign_key_check")):
            problems.append(f"row {row} of {table} names a row of {other} that is not there")
    unresolved = incidents.c.state != State.RESOLVED.value
    twice = select(incidents.c.page).where(unresolved).group_by(incidents.c.page).having(func.count() > 1)
    return problems + [f"page {page} has two unresolved incidents" for page in await db.scalars(twice)]
