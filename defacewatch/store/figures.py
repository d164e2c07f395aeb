"""What a daemon last measured of itself, for other processes to read."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import insert, select, update

from defacewatch.costs import Costs
from defacewatch.store.engine import Engine
from defacewatch.store.schema import meta

_KEY = "figures"


@dataclass(frozen=True)
class KeptFigures:
    """As they were `at`: the share of probes made in time (0..1), when the page that has waited longest was
    captured last, what errands cost (None: not known yet), how late the revalidation is that is the latest
    (seconds)."""

    at: datetime
    coverage: float
    oldest_capture: datetime | None
    costs: Costs | None
    revalidation_late: float = 0.0


class Figures:
    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def keep(
        self,
        now: datetime,
        *,
        coverage: float,
        oldest_capture: datetime | None,
        costs: Costs | None,
        revalidation_late: float = 0.0,
    ) -> None:
        """Replace what was measured before."""
        value = json.dumps(
            {
                "at": now.isoformat(),
                "coverage": coverage,
                "oldest_capture": oldest_capture.isoformat() if oldest_capture else None,
                "costs": asdict(costs) if costs else None,
                "revalidation_late": revalidation_late,
            }
        )
        async with self.engine.writing() as db:
            saved = await db.execute(update(meta).where(meta.c.key == _KEY).values(value=value))
            if saved.rowcount == 0:
                await db.execute(insert(meta).values(key=_KEY, value=value))

    async def last(self) -> KeptFigures | None:
        """What was measured last; None where nothing was, or another version wrote it in another form."""
        async with self.engine.reading() as db:
            value = await db.scalar(select(meta.c.value).where(meta.c.key == _KEY))
        if value is None:
            return None
        try:
            plain = json.loads(value)
            oldest, costs = plain["oldest_capture"], plain["costs"]
            return KeptFigures(
                at=datetime.fromisoformat(plain["at"]),
                coverage=float(plain["coverage"]),
                oldest_capture=datetime.fromisoformat(oldest) if oldest else None,
                costs=Costs(**costs) if costs else None,
                revalidation_late=float(plain.get("revalidation_late", 0.0)),
            )
        except (ValueError, KeyError, TypeError):
            return None
