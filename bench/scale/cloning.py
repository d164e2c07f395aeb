"""Pages like a learned one are given what is known of it: to learn ten thousand would take hours.

A page of the farm and its donor are the same, byte for byte but for tokens. What the store keeps about the
donor's state (its captures, approvals, profile, what it is made of) is copied row by row; ids, addresses and
hosts in them become those of the copy, in text and in compressed JSON alike. Blobs are shared: they are named
by their content. History (checks, incidents, alerts) is not copied: a copy has none.
"""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    Integer,
    Table,
    create_engine,
    delete,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.pool import NullPool

from defacewatch.store.schema import metadata, page_state

HISTORY = frozenset(
    {"incidents", "incident_events", "mutes", "checks", "check_days", "alerts", "deliveries", "pages"}
)
_AT_ONCE = 200  # rows of one insert
_PAGE = "page"

Row = dict[str, Any]


@dataclass(frozen=True)
class Twin:
    """A page and the one that it is to be like, by id and by host (with port)."""

    page: str
    host: str
    donor: str
    donor_host: str


def engine_of(url: str) -> Engine:
    """A blocking engine for a store's URL."""
    plain = url.replace("sqlite+aiosqlite:", "sqlite:", 1)
    return create_engine(plain, poolclass=NullPool)


def state_tables() -> list[Table]:
    """The tables that say how a page stands, those first that others refer to."""
    return [t for t in metadata.sorted_tables if t.name not in HISTORY and _PAGE in t.c]


def clone(db: Connection, twins: Sequence[Twin]) -> None:
    """Give each page the rows of its donor, in place of those that it has."""
    donors = sorted({twin.donor for twin in twins})
    kept = {table.name: _rows_by_page(db, table, donors) for table in state_tables()}
    for table in reversed(state_tables()):
        for some in _chunks([twin.page for twin in twins]):
            db.execute(delete(table).where(table.c.page.in_(some)))
    for some_twins in _chunks(twins):
        renamings = {twin.page: _renaming(twin, kept) for twin in some_twins}
        for table in state_tables():
            rows = [
                _copied(table, row, renamings[twin.page])
                for twin in some_twins
                for row in kept[table.name].get(twin.donor, ())
            ]
            if rows:
                db.execute(insert(table), rows)


def spread(db: Connection, *, now: datetime, captures_over: timedelta, probes_over: timedelta) -> None:
    """Make it look as if the daemon had been running until now: the last capture of each page lies somewhere
    in `captures_over`, evenly over the pages, its last probe in `probes_over`; other moments move along."""
    pages = list(db.scalars(select(page_state.c.page).order_by(page_state.c.page)))
    moments = [c for c in page_state.c if type(c.type).__name__ == "Moment" and c.name != "checked_at"]
    for n, page in enumerate(pages):
        # multiples of the golden ratio: even, and in no order that the pages have
        share = n * 0.6180339887498949 % 1.0
        row = db.execute(select(page_state).where(page_state.c.page == page)).one()._mapping
        if row["captured_at"] is None:
            continue
        by = now - captures_over * share - row["captured_at"]
        values = {c.name: row[c.name] + by for c in moments if row[c.name] is not None}
        values["checked_at"] = now - probes_over * share
        db.execute(update(page_state).where(page_state.c.page == page).values(values))


def transfer(source: Connection, target: Connection) -> None:
    """Copy every row of one store into another, in place of what is there, whatever database it is."""
    for table in reversed(metadata.sorted_tables):
        target.execute(delete(table))
    for table in metadata.sorted_tables:
        found = source.execution_options(yield_per=_AT_ONCE).execute(select(table))
        for some in found.partitions(_AT_ONCE):
            target.execute(insert(table), [dict(row._mapping) for row in some])
        number = table.c.get("id")
        if target.dialect.name == "postgresql" and number is not None and isinstance(number.type, Integer):
            last = target.scalar(select(func.max(number)))
            if last is not None:
                target.execute(text(f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), {last})"))


def _rows_by_page(db: Connection, table: Table, donors: Sequence[str]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for some in _chunks(donors):
        for row in db.execute(select(table).where(table.c.page.in_(some))):
            found.setdefault(row._mapping[_PAGE], []).append(dict(row._mapping))
    return found


def _renaming(twin: Twin, kept: Mapping[str, Mapping[str, Sequence[Row]]]) -> dict[str, str]:
    """What becomes what in a copy: hosts, the page's id, and the ids of its captures, which are unique."""
    captures = [row["id"] for row in kept["captures"].get(twin.donor, ())]
    ending = twin.page.rpartition("-")[2]
    return {
        twin.donor: twin.page,
        twin.donor_host: twin.host,
        **{old: f"{old.partition('-')[0]}-{ending}{old[-6:]}" for old in captures},
    }


def _copied(table: Table, row: Row, renaming: Mapping[str, str]) -> Row:
    copied = {name: _renamed(value, renaming) for name, value in row.items()}
    number = table.c.get("id")
    if number is not None and isinstance(number.type, Integer):
        copied.pop("id")
    return copied


def _renamed(value: Any, renaming: Mapping[str, str]) -> Any:
    if isinstance(value, bytes):
        return _repacked(value, renaming)
    if isinstance(value, str):
        for old, new in renaming.items():
            value = value.replace(old, new)
    return value


def _repacked(data: bytes, renaming: Mapping[str, str]) -> bytes:
    """Compressed JSON with other names in it; what is not compressed stays as it is."""
    try:
        plain = zlib.decompress(data)
    except zlib.error:
        return data
    changed = plain
    for old, new in renaming.items():
        changed = changed.replace(old.encode(), new.encode())
    return data if changed == plain else zlib.compress(changed, 1)


def _chunks(some: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (some[start : start + _AT_ONCE] for start in range(0, len(some), _AT_ONCE))


def utc_now() -> datetime:
    return datetime.now(UTC)
