"""Column types that keep their promises on both databases."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Dialect, Text, TypeDecorator, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class Moment(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC. Raises ValueError for one without a time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; the store keeps moments, not clock faces")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Earlier(FunctionElement[datetime]):
    """A moment, so many whole seconds before another."""

    inherit_cache = True
    type = Moment()


def earlier(moment: ColumnElement[datetime], by: timedelta) -> ColumnElement[datetime]:
    """The moment `by` (whole seconds) before another, as the database computes it."""
    return Earlier(moment, literal_column(str(int(by.total_seconds()))))


@compiles(Earlier)
def _earlier(element: Earlier, compiler: SQLCompiler, **kw: Any) -> str:
    moment, seconds = (compiler.process(part, **kw) for part in element.clauses)
    return f"({moment} - {seconds} * interval '1 second')"


@compiles(Earlier, "sqlite")
def _earlier_in_sqlite(element: Earlier, compiler: SQLCompiler, **kw: Any) -> str:
    """Moments are text there, and SQLite rounds to milliseconds: the fraction is put back as it was."""
    moment, seconds = (compiler.process(part, **kw) for part in element.clauses)
    whole = f"strftime('%Y-%m-%d %H:%M:%S', substr({moment}, 1, 19), '-{seconds} seconds')"
    return f"({whole} || substr({moment}, 20))"


def cleaned(text: str) -> str:
    """`text` as a database can hold it: without NUL and lone surrogates."""
    return text.replace("\0", "�").encode("utf-8", "replace").decode()


class Words(TypeDecorator[str]):
    """Text from anywhere, hostile pages included: what a database cannot hold (NUL, lone surrogates) is
    replaced, so that a page cannot keep its own check from being recorded."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else cleaned(value)
