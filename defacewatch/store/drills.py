"""Drills: which shift had duty in each. What else is known of them is in their incidents and deliveries,
which retention leaves alone."""

import json
from datetime import datetime

from sqlalchemy import insert, select

from defacewatch.drillreport import Watch
from defacewatch.portals import DRILL
from defacewatch.store.dutyschema import drills
from defacewatch.store.engine import Engine
from defacewatch.store.schema import incidents


class Drills:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def begun(self, incident: int, watch: Watch, *, by: str) -> None:
        """Note who started a drill, and who had duty then."""
        values = {
            "incident": incident,
            "by": by,
            "shift": watch.shift,
            "team": watch.team,
            "officers": json.dumps(watch.officers),
        }
        async with self.engine.lasting() as db:
            await db.execute(insert(drills).values(values))

    async def watch(self, incident: int) -> Watch:
        """Who had duty in a drill; nobody known for one of an older version."""
        query = select(drills).where(drills.c.incident == incident)
        async with self.engine.reading() as db:
            row = (await db.execute(query)).one_or_none()
        if row is None:
            return Watch()
        return Watch(row.shift, row.team, tuple(json.loads(row.officers)))

    async def numbers(self, start: datetime | None = None, end: datetime | None = None) -> list[int]:
        """The incidents of the drills that began from `start` to before `end`, the newest first."""
        query = select(incidents.c.id).where(incidents.c.page.endswith(DRILL, autoescape=True))
        if start is not None:
            query = query.where(incidents.c.opened_at >= start)
        if end is not None:
            query = query.where(incidents.c.opened_at < end)
        async with self.engine.reading() as db:
            return list(await db.scalars(query.order_by(incidents.c.id.desc())))
