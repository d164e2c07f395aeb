"""The rows of the audit log, read so that nothing that somebody has left in them fails: on SQLite a column
may hold any type and bytes that are no text, on PostgreSQL a moment that Python has not."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, Row, Text, cast, func, select
from sqlalchemy.engine import Connection

from defacewatch.audit import Entry, Head, account_in
from defacewatch.store.accountschema import audit

WINDOW = 1_000_000  # how far after the head a row may stand and be in the way of the next
_FAR = 2**40  # numbers from here on no log reaches
_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)


def raw(sqlite: bool) -> Sequence[ColumnElement[Any]]:
    """The columns of an entry, for `entry_from`."""
    return [plain(column, sqlite) for column in audit.c]


def entry_from(row: Row[Any]) -> Entry:
    """An entry as it stands there; a moment that is none is the beginning of 1970."""
    values: tuple[Any, ...] = tuple(row)
    return Entry(values[0], _moment(text_of(values[1])), *(text_of(each) for each in values[2:]))


def last_of(db: Connection, number: int | None) -> Head | None:
    """The last row from `number` on, or of all, as far as a next one could meet it."""
    near = audit.c.number < (_FAR if number is None else min(number, 2**62) + WINDOW)
    query = select(func.max(audit.c.number)).where(near)
    if number is not None:
        query = query.where(audit.c.number >= min(number, 2**62))
    last = db.scalar(query)
    if last is None or last < 0:
        return None
    if number is None:  # with the head gone nothing says how long the log is: step over what is in the way
        last = db.scalar(
            select(func.max(audit.c.number)).where(audit.c.number >= last, audit.c.number < last + WINDOW)
        )
    return Head(last, digest_at(db, last) or "")


def digest_at(db: Connection, number: int) -> str | None:
    digest = plain(audit.c.digest, db.dialect.name == "sqlite")
    found = db.scalar(select(digest).where(audit.c.number == number)) if number < 2**63 else None
    return None if found is None else text_of(found)


def latest(db: Connection) -> tuple[str, str] | None:
    """Digest and seal of the last row."""
    sqlite = db.dialect.name == "sqlite"
    columns = plain(audit.c.digest, sqlite), plain(audit.c.seal, sqlite)
    row = db.execute(select(*columns).order_by(audit.c.number.desc()).limit(1)).one_or_none()
    return None if row is None else (text_of(row[0]), text_of(row[1]))


def accounts_of(db: Connection, *, who: str) -> frozenset[str]:
    """The accounts with which `who` has ever acted, as far as the log names them: whatever stands under a
    name may have been begun elsewhere (a lesson that was asked for, an update that was announced). Reads the
    whole log: it is asked where a second person acts, which is seldom."""
    source = plain(audit.c.source, db.dialect.name == "sqlite")
    acted = select(source).distinct().where(audit.c.who == who, audit.c.source.contains(" account "))
    found = {account_in(text_of(value)) for value in db.scalars(acted)}
    return frozenset(account for account in found if account is not None)


def plain(column: ColumnElement[Any], sqlite: bool) -> ColumnElement[Any]:
    """A column as it can be read whatever is in it, for `text_of`."""
    if column is audit.c.number:
        return column
    if column is audit.c.at and not sqlite:  # whatever the server's DateStyle and time zone are
        return func.to_char(func.timezone("UTC", column), 'YYYY-MM-DD"T"HH24:MI:SS.US')
    return cast(column, LargeBinary if sqlite else Text)


def text_of(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return _NO_TIME
