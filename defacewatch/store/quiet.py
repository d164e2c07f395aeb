"""Looks that found nothing new, written many at once: one statement, whatever their number.

They are most of what a watch writes, so they pass by the objects that statements are made of. Nobody races
for them: they leave the version of a page's state as it is, and do not apply to a page that has moved.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import TextClause, text
from sqlalchemy.engine import Connection

from defacewatch.captures import Tier
from defacewatch.records import Quiet

_ON_SQLITE = text(
    """
    UPDATE page_state
    SET checked_at = max(coalesce(checked_at, ''), json_extract(look.value, '$.at')), tier = :tier
    FROM json_each(:looks) AS look
    WHERE page_state.page = json_extract(look.value, '$.page')
      AND page_state.version = json_extract(look.value, '$.version')
    RETURNING page
    """
)
# The rows are locked in the order in which everybody locks several of them, so that none waits in a circle.
_ON_POSTGRESQL = text(
    """
    WITH held AS (
        SELECT page_state.page, look.at
        FROM json_to_recordset(CAST(:looks AS json)) AS look(page text, version integer, at timestamptz)
        JOIN page_state ON page_state.page = look.page AND page_state.version = look.version
        ORDER BY page_state.page
        FOR UPDATE OF page_state
    )
    UPDATE page_state
    SET checked_at = greatest(page_state.checked_at, held.at), tier = :tier
    FROM held
    WHERE page_state.page = held.page
    RETURNING page_state.page
    """
)
_STATEMENTS: Mapping[str, TextClause] = {"sqlite": _ON_SQLITE, "postgresql": _ON_POSTGRESQL}


def write_quiet(db: Connection, looks: Sequence[Quiet]) -> frozenset[str]:
    """Note `looks` where the page's state still has the version that they began with; of several of one page
    the latest counts. The pages of which nothing was written."""
    latest = {look.page: look for look in sorted(looks, key=lambda look: look.at)}
    stamp = _sqlite_moment if db.dialect.name == "sqlite" else datetime.isoformat
    plain = [{"page": look.page, "version": look.version, "at": stamp(look.at)} for look in latest.values()]
    written = db.scalars(_STATEMENTS[db.dialect.name], {"looks": json.dumps(plain), "tier": Tier.PROBE.value})
    return frozenset(latest.keys() - set(written))


def _sqlite_moment(at: datetime) -> str:
    """A moment as SQLAlchemy has SQLite keep it (see `columns.Moment`)."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
