"""What the store holds, seen from outside while the daemon runs: sizes, rows, and the incidents by page."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, func, select, text

from bench.scale.cloning import engine_of
from defacewatch.store.alertschema import alerts
from defacewatch.store.columns import Moment
from defacewatch.store.schema import captures, checks, incidents


@dataclass(frozen=True)
class Sizes:
    """Bytes of the database (pages in use) and of the blobs; rows that grow with time."""

    database: int
    blobs: int
    checks: int
    captures: int


@dataclass(frozen=True)
class Opened:
    """An incident: its page, its verdict, and when its first alert was recorded (seconds since 1970)."""

    page: str
    verdict: str
    at: float


class Stored:
    """A reader of the daemon's store; `folder` is the daemon's, `url` as in its configuration."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        relative = "sqlite+aiosqlite:///"
        self.engine = engine_of(
            f"{relative}{folder / url.removeprefix(relative)}" if url.startswith(relative) else url
        )

    def sizes(self) -> Sizes:
        with self._reading() as db:
            return Sizes(
                self._database(db),
                sum(_bytes(self.folder / name) for name in ("data/evidence", "baselines")),
                db.scalar(select(func.count()).select_from(checks)) or 0,
                db.scalar(select(func.count()).select_from(captures)) or 0,
            )

    def incidents(self) -> Mapping[int, Opened]:
        """Every incident, by its number."""
        columns = incidents.c.id, incidents.c.page, incidents.c.verdict
        first = select(*columns, func.min(alerts.c.at, type_=Moment())).join(
            alerts, alerts.c.incident == incidents.c.id
        )
        with self._reading() as db:
            found = db.execute(first.group_by(*columns))
            return {number: Opened(page, verdict, at.timestamp()) for number, page, verdict, at in found}

    def _database(self, db: Connection) -> int:
        if db.dialect.name == "postgresql":
            return int(db.scalar(text("SELECT pg_database_size(current_database())")) or 0)
        used = db.scalar(text("PRAGMA page_count")) - db.scalar(text("PRAGMA freelist_count"))
        return int(used * db.scalar(text("PRAGMA page_size")))

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self.engine.connect() as db:
            yield db


def _bytes(folder: Path) -> int:
    """On disk, below a folder."""
    found = 0
    for where, _, names in os.walk(folder):
        for name in names:
            try:
                found += (Path(where) / name).stat().st_size
            except FileNotFoundError:
                continue
    return found
