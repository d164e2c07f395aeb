"""Learning that somebody asked for in the console: the daemon takes the samples, row by row.

A claim moves the due time ahead by a lease before anything is done: whoever dies with it leaves a row that is
worked on again.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Select, Subquery, Update, func, insert, select, update

from defacewatch.audit import Act, Actor
from defacewatch.store.audit import note
from defacewatch.store.engine import Engine
from defacewatch.store.rows import Columns, Values, part
from defacewatch.store.schema import lessons, pages
from defacewatch.verdicts import VerdictKind

LEASE = timedelta(minutes=3)
SAMPLES = 3  # of a lesson that is asked for
NAMED = 20  # pages that an entry of the audit log names; of all it has number and digest
ATTEMPTS = 3  # of one lesson; a page that ends the process each time is not tried for ever


@dataclass(frozen=True)
class Lesson:
    """A lesson that was asked for: `taken` of its `samples` are there. Once it has `ended_at`: the capture
    that is proposed and what was judged of it, or the `error` that kept it from being made."""

    id: int
    page: str
    asked_at: datetime
    by: str
    samples: int
    taken: int
    attempts: int
    ended_at: datetime | None
    capture: str | None
    verdict: VerdictKind | None
    error: str | None


class Lessons:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def ask(
        self, page_ids: Collection[str], *, by: str, via: str, samples: int, now: datetime
    ) -> tuple[str, ...]:
        """Ask for these pages to be learned, but for those that wait for it already; the pages asked for."""
        async with self.engine.lasting() as db:
            under_way = set(await db.scalars(select(lessons.c.page).where(lessons.c.ended_at.is_(None))))
            known = select(pages.c.id).where(pages.c.id.in_(list(page_ids)), pages.c.enabled)
            wanted = sorted(set(await db.scalars(known)) - under_way)
            if not wanted:
                return ()
            fresh = {"asked_at": now, "by": by, "samples": samples, "taken": 0, "attempts": 0, "next_at": now}
            await db.execute(insert(lessons), [{"page": page} | fresh for page in wanted])
            key, act, digest = self.engine.audit_key, Act.LEARNING_ASKED, sha256("\n".join(wanted).encode())
            after = {"count": len(wanted), "digest": digest.hexdigest(), "pages": wanted[:NAMED]}
            await db.run_sync(note, key, Actor(by, via), act, at=now, of="pages", after=after)
            return tuple(wanted)

    async def claim(self, now: datetime) -> Lesson | None:
        """Claim the lesson that has been due for longest, for as long as the lease."""
        due = select(lessons.c.id).where(lessons.c.next_at <= now).order_by(lessons.c.next_at, lessons.c.id)
        if await self.engine.read(lambda db: db.scalar(due.limit(1))) is None:
            return None
        async with self.engine.writing() as db:
            claimed = await db.scalar(due.limit(1).with_for_update(skip_locked=True))
            if claimed is None:
                return None
            leased = update(lessons).where(lessons.c.id == claimed)
            leased = leased.values(next_at=now + LEASE, attempts=lessons.c.attempts + 1, taken=0)
            return _lesson(part((await db.execute(leased.returning(lessons))).one(), lessons))

    async def hold(self, lesson: Lesson, *, now: datetime) -> bool:
        """Let the lease begin anew; False where the lesson is no longer of who has claimed it so."""
        return await self._move(lesson, {"next_at": now + LEASE})

    async def took(self, lesson: Lesson, taken: int, *, now: datetime) -> bool:
        """Note that so many samples are there, and hold the lesson."""
        return await self._move(lesson, {"taken": taken, "next_at": now + LEASE})

    async def _move(self, lesson: Lesson, values: Values) -> bool:
        async with self.engine.writing() as db:
            return (await db.execute(_own(lesson).values(values))).rowcount > 0

    async def end(
        self,
        lesson: Lesson,
        *,
        now: datetime,
        capture: str | None = None,
        verdict: VerdictKind | None = None,
        error: str | None = None,
    ) -> bool:
        """Note what came of a lesson; False where it is no longer of who has claimed it so, or has ended."""
        ended: Values = {
            "ended_at": now,
            "next_at": None,
            "capture": capture,
            "verdict": None if verdict is None else verdict.value,
            "error": error,
        }
        async with self.engine.lasting() as db:
            return (await db.execute(_own(lesson).values(ended))).rowcount > 0

    async def under_way(self) -> bool:
        """Whether any lesson is waited for."""
        query = select(lessons.c.id).where(lessons.c.next_at.is_not(None)).limit(1)
        return await self.engine.read(lambda db: db.scalar(query)) is not None

    async def latest(self, page_ids: Collection[str] | None = None) -> Mapping[str, Lesson]:
        """The last lesson of each page that has one, by page (None: of all)."""
        found = await self._read(_newest(page_ids).subquery())
        return {lesson.page: lesson for lesson in found}

    async def some(
        self, limit: int, *, after: str | None = None, page_ids: Collection[str] | None = None
    ) -> list[Lesson]:
        """The last lesson of each of at most `limit` pages (`page_ids` None: of all) that have one, by page,
        those that come `after` one."""
        newest = _newest(page_ids).order_by(lessons.c.page).limit(limit)
        if after is not None:
            newest = newest.where(lessons.c.page > after)
        return await self._read(newest.subquery())

    async def _read(self, numbers: Subquery) -> list[Lesson]:
        """The lessons of these numbers (`id`), by page."""
        query = select(lessons).join(numbers, lessons.c.id == numbers.c.id).order_by(lessons.c.page)
        rows = await self.engine.read(lambda db: db.execute(query).all())
        return [_lesson(part(row, lessons)) for row in rows]


def _newest(page_ids: Collection[str] | None) -> Select[tuple[int]]:
    """The number of the last lesson of each page that has one."""
    newest = select(func.max(lessons.c.id).label("id")).group_by(lessons.c.page)
    return newest if page_ids is None else newest.where(lessons.c.page.in_(list(page_ids)))


def _own(lesson: Lesson) -> Update:
    """A change of a lesson that is under way, and that nobody has claimed since."""
    claim = (lessons.c.id == lesson.id, lessons.c.attempts == lesson.attempts)
    return update(lessons).where(*claim, lessons.c.ended_at.is_(None))


def _lesson(row: Columns) -> Lesson:
    return Lesson(
        row["id"],
        row["page"],
        row["asked_at"],
        row["by"],
        row["samples"],
        row["taken"],
        row["attempts"],
        row["ended_at"],
        row["capture"],
        VerdictKind(row["verdict"]) if row["verdict"] else None,
        row["error"],
    )
