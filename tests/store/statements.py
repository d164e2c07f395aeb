"""What a store asks of its database, for tests that look at the statements themselves."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from defacewatch.store import Store


@contextmanager
def asked(store: Store) -> Iterator[dict[str, Any]]:
    """What is asked of the database meanwhile: statements with their parameters."""
    seen: dict[str, Any] = {}

    def note(_: object, __: object, statement: str, parameters: Any, ___: object, many: bool) -> None:
        seen.setdefault(statement.strip(), parameters[0] if many else parameters)

    threads = store.engine._threads
    engines = {  # some are the same on PostgreSQL
        store.engine._reader.sync_engine,
        store.engine._laster.sync_engine,
        threads._reader,
        threads._laster,
    }
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield seen
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)
