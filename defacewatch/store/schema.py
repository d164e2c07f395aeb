"""The tables of the watch, and what all tables are made with.

JSON is kept as text, so that it reads the same on SQLite and PostgreSQL. Ids of captures in other tables
are plain text where retention may delete the capture.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

from defacewatch.store.columns import Moment, Words

Id = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def numbered() -> Column[int]:
    return Column("id", Id, primary_key=True, autoincrement=True)


portals = Table(
    "portals",
    metadata,
    Column("key", Text, primary_key=True),
    Column("name", Words, nullable=False),
    Column("owner", Words),
    Column("operator", Words),
    Column("level", Integer),
    Column("critical", Boolean, nullable=False),
    Column("contacts", Words, nullable=False),
    Column("changed_urgency", Text, nullable=False),
    Column("defaced_urgency", Text, nullable=False),
    Column("tags", Words, nullable=False, server_default="[]"),
    Column("source", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("paused_by", Words),
    Column("paused_at", Moment),
    Column("paused_reason", Words),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
)

pages = Table(
    "pages",
    metadata,
    Column("id", Text, primary_key=True),
    Column("portal", Text, ForeignKey("portals.key"), nullable=False, index=True),
    Column("url", Words, nullable=False),
    Column("probe_every", Float),  # seconds; empty: the configured default
    Column("render_every", Float),
    Column("position", Integer, nullable=False),  # its place in the portal's list
    Column("enabled", Boolean, nullable=False),
)

# What the next check needs to know; `version` moves with everything that a check must not overlook.
page_state = Table(
    "page_state",
    metadata,
    Column("page", Text, ForeignKey("pages.id"), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("verdict", Text),
    Column("score", Float, nullable=False),
    Column("tier", Text),
    Column("checked_at", Moment),
    Column("failures", Integer, nullable=False),
    Column("failure_tier", Text, nullable=False),
    Column("etag", Words),
    Column("last_modified", Words),
    Column("body_hash", Text),
    Column("served_hash", Text),
    Column("dom_hash", Text),
    Column("screen_hash", Text),
    Column("captured_at", Moment),
    Column("captured_hash", Text),
    Column("capture", Text),  # the last one kept
    Column("kept_at", Moment),
    Column("certificate_told_at", Moment),
)

captures = Table(
    "captures",
    metadata,
    Column("id", Text, primary_key=True),
    Column("page", Text, ForeignKey("pages.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("served", Text, nullable=False),
    Column("dom", Text, nullable=False),
    Column("screenshot", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("dom_hash", Text, nullable=False),
    Column("screen_hash", Text, nullable=False),
    Column("final_url", Words, nullable=False),
    Column("status", Integer),
    Column("title", Words, nullable=False),
    Column("attack", Boolean, nullable=False),
    Column("proposed_by", Words),
    Column("proposed_at", Moment),
    Column("details", Words, nullable=False),
    Column("features_version", Integer, nullable=False),
    Column("features", LargeBinary),  # compressed JSON; empty once expired
    Column("expired_at", Moment),  # when retention took its blobs
    Index(None, "page", "at"),
    Index(None, "at"),
    # All of what names blobs: `expired_at` lies behind the features, so that to look for it reads them all.
    Index(
        "ix_captures_kept",
        "at",
        "id",
        "served",
        "dom",
        "screenshot",
        "facts",
        "expired_at",
        sqlite_where=text("expired_at IS NULL"),
        postgresql_where=text("expired_at IS NULL"),
    ),
    Index(
        "ix_captures_version",
        "features_version",
        "id",
        sqlite_where=text("expired_at IS NULL"),
        postgresql_where=text("expired_at IS NULL"),
    ),
    Index(
        None,
        "proposed_at",
        sqlite_where=text("proposed_at IS NOT NULL"),
        postgresql_where=text("proposed_at IS NOT NULL"),
    ),
)

approvals = Table(
    "approvals",
    metadata,
    numbered(),
    Column("page", Text, ForeignKey("pages.id"), nullable=False),
    Column("capture", Text, ForeignKey("captures.id"), nullable=False, index=True),
    Column("by", Words, nullable=False),
    Column("at", Moment, nullable=False),
    Column("reason", Words, nullable=False),
    Column("also", Boolean, nullable=False),
    Column("withdrawn_at", Moment),
    Column("features_version", Integer, nullable=False),
    Column("features", LargeBinary, nullable=False),
    Index(None, "page", "id"),
    sqlite_autoincrement=True,
)

profiles = Table(
    "profiles",
    metadata,
    Column("page", Text, ForeignKey("pages.id"), primary_key=True),
    Column("version", Integer),  # of the features that it was learned from
    Column("samples", Integer, nullable=False),
    Column("data", Words, nullable=False),
    Column("digest", Text),  # SHA-256 (hex) of `data`; an older version writes none, whoever reads it adds it
)

materials = Table(
    "materials",
    metadata,
    Column("page", Text, ForeignKey("pages.id"), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("data", LargeBinary, nullable=False),  # compressed JSON
)

incidents = Table(
    "incidents",
    metadata,
    numbered(),
    Column("page", Text, ForeignKey("pages.id"), nullable=False),
    Column("verdict", Text, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("state", Text, nullable=False),
    Column("alerted_at", Moment),
    Column("acknowledged_by", Words),
    Column("acknowledged_at", Moment),
    Column("resolved_by", Words),
    Column("resolved_at", Moment),
    Column("resolved_as", Text),
    Column("differences", Words, nullable=False),
    Column("intermittent", Boolean, nullable=False),
    Column("present", Boolean, nullable=False),
    Column("late", Boolean, nullable=False),
    Column("capture", Text),
    Column("previous", Id, ForeignKey("incidents.id")),
    Column("version", Integer, nullable=False),
    Column("attacked_at", Moment),
    Index(
        "uq_incidents_unresolved",
        "page",
        unique=True,
        sqlite_where=text("state <> 'resolved'"),
        postgresql_where=text("state <> 'resolved'"),
    ),
    Index(None, "page", "id"),
    Index(None, "state", "id"),
    Index(None, "resolved_at"),
    Index(None, "attacked_at"),
    sqlite_autoincrement=True,
)

incident_events = Table(
    "incident_events",
    metadata,
    numbered(),
    Column("incident", Id, ForeignKey("incidents.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("event", Text, nullable=False),
    Column("by", Words, nullable=False),
    Column("via", Text, nullable=False),
    Column("text", Words, nullable=False),
    Column("verdict", Text),
    Column("capture", Text),
    Index(None, "incident", "id"),
    sqlite_autoincrement=True,
)

mutes = Table(
    "mutes",
    metadata,
    numbered(),
    Column("page", Text, ForeignKey("pages.id"), nullable=False),
    Column("identity", Words, nullable=False),
    Column("by", Words, nullable=False),
    Column("at", Moment, nullable=False),
    Column("incident", Id, ForeignKey("incidents.id")),
    Column("ends_at", Moment),
    Index(None, "page"),
)

# Checks that nothing speaks of again. A partial index is used where a query repeats its words; `coalesce` so
# that none of the index on `incident` is, which names most checks.
FOUND_NOTHING = "coalesce(incident, 0) = 0 AND NOT wavered AND verdict IN ('clean', 'learning')"

checks = Table(
    "checks",
    metadata,
    numbered(),
    Column("page", Text, ForeignKey("pages.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("tier", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("score", Float, nullable=False),
    Column("evidence", Float, nullable=False),
    Column("intermittent", Boolean, nullable=False),
    Column("wavered", Boolean, nullable=False),
    Column("signals", Words, nullable=False),
    Column("looks", Integer, nullable=False),
    Column("elapsed", Float, nullable=False),  # seconds
    Column("dom_hash", Text),
    Column("screen_hash", Text),
    Column("capture", Text),
    Column("incident", Id, ForeignKey("incidents.id")),
    Index("ix_checks_incident_id", "incident", "id"),
    Index(None, "page", "at"),
    Index(None, "at"),
    Index(
        "ix_checks_found_nothing",
        "at",
        sqlite_where=text(FOUND_NOTHING),
        postgresql_where=text(FOUND_NOTHING),
    ),
    Index("ix_checks_wavered", "page", "at", sqlite_where=text("wavered"), postgresql_where=text("wavered")),
    sqlite_autoincrement=True,
)

# Checks that found nothing, once they are some days old: what is left of their rows.
check_days = Table(
    "check_days",
    metadata,
    Column("page", Text, ForeignKey("pages.id"), primary_key=True),
    Column("day", Moment, primary_key=True),  # its beginning, in UTC
    Column("tier", Text, primary_key=True),
    Column("verdict", Text, primary_key=True),
    Column("checks", Integer, nullable=False),
    Column("looks", Integer, nullable=False),
    Column("elapsed", Float, nullable=False),  # seconds, of all together
    Column("longest", Float, nullable=False),
    Index(None, "day"),
)

# Learning that somebody asked for: the daemon takes the samples. `next_at` is when it is due; while it is
# worked on, when the lease ends; empty once it has ended.
lessons = Table(
    "lessons",
    metadata,
    numbered(),
    Column("page", Text, ForeignKey("pages.id"), nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("by", Words, nullable=False),
    Column("samples", Integer, nullable=False),
    Column("taken", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Moment),
    Column("ended_at", Moment),
    Column("capture", Text),
    Column("verdict", Text),
    Column("error", Words),
    Index(None, "page", "id"),
    Index(
        None,
        "next_at",
        sqlite_where=text("next_at IS NOT NULL"),
        postgresql_where=text("next_at IS NOT NULL"),
    ),
    sqlite_autoincrement=True,
)

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Words, nullable=False),
)
