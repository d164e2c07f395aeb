"""Checks that found nothing, rolled up: after some days what is left of them is a line for each day."""

from collections import defaultdict
from datetime import datetime, timedelta

from sqlalchemy import Executable, case, delete, exists, func, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from defacewatch.store.alertschema import alerts
from defacewatch.store.engine import Engine
from defacewatch.store.rows import Values
from defacewatch.store.schema import FOUND_NOTHING, check_days, checks

ROLLED_AFTER = timedelta(days=2)  # longer than any check still asks for
BATCH = 200  # rows a transaction: checks go on meanwhile

_KEY = ("page", "day", "tier", "verdict")


async def roll_up(engine: Engine, *, now: datetime) -> int:
    """Replace the rows of checks that found nothing, made no alert and are of another day; how many."""
    cutoff = now - ROLLED_AFTER
    rolled = 0
    while True:
        done = await engine.write(lambda db: _roll_up(db, cutoff))
        rolled += done
        if done < BATCH:
            return rolled


async def forget_days(engine: Engine, *, before: datetime) -> int:
    """Delete what was rolled up, as far as the day ended before that, a day at a time; how many lines."""
    over = check_days.c.day <= before - timedelta(days=1)

    def forget(db: Connection) -> int:
        oldest = select(func.min(check_days.c.day)).where(over).scalar_subquery()
        return db.execute(delete(check_days).where(check_days.c.day == oldest)).rowcount

    forgotten = 0
    while done := await engine.write(forget):
        forgotten += done
    return forgotten


def _roll_up(db: Connection, cutoff: datetime) -> int:
    batch = (
        select(checks.c.id)
        .where(text(FOUND_NOTHING), checks.c.at < cutoff, ~exists().where(alerts.c.check == checks.c.id))
        .order_by(checks.c.at)
        .limit(BATCH)
    )
    columns = (checks.c.page, checks.c.at, checks.c.tier, checks.c.verdict, checks.c.looks, checks.c.elapsed)
    gone = db.execute(delete(checks).where(checks.c.id.in_(batch)).returning(*columns)).all()
    taken: dict[tuple[object, ...], list[tuple[int, float]]] = defaultdict(list)
    for page, at, tier, verdict, looks, elapsed in gone:
        day = at.replace(hour=0, minute=0, second=0, microsecond=0)
        taken[page, day, tier, verdict].append((looks, elapsed))
    if taken:
        db.execute(_adding(db.dialect.name), [_line(key, taken[key]) for key in sorted(taken)])
    return len(gone)


def _line(key: tuple[object, ...], checked: list[tuple[int, float]]) -> Values:
    looks, elapsed = zip(*checked, strict=True)
    sums = {"checks": len(checked), "looks": sum(looks), "elapsed": sum(elapsed), "longest": max(elapsed)}
    return dict(zip(_KEY, key, strict=True)) | sums


def _adding(dialect: str) -> Executable:
    """Add to the line of a day, whether it is there already or not."""
    adding: sqlite.Insert | postgresql.Insert = (
        sqlite.insert(check_days) if dialect == "sqlite" else postgresql.insert(check_days)
    )
    more, known = adding.excluded, check_days.c
    sums = {name: known[name] + more[name] for name in ("checks", "looks", "elapsed")}
    longest = case((more.longest > known.longest, more.longest), else_=known.longest)
    return adding.on_conflict_do_update(index_elements=_KEY, set_={**sums, "longest": longest})
