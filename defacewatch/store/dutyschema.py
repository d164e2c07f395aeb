"""The tables of the duty desk."""

from sqlalchemy import Column, ForeignKey, Index, Table, Text, UniqueConstraint

from defacewatch.store.columns import Moment, Words
from defacewatch.store.schema import Id, metadata, numbered

# Leave and swaps; both halves of a swap have the id of the first as `swap`.
absences = Table(
    "absences",
    metadata,
    numbered(),
    Column("officer", Text, nullable=False),
    Column("starts", Moment, nullable=False),
    Column("ends", Moment, nullable=False),
    Column("instead", Text),
    Column("reason", Words, nullable=False),
    Column("by", Words, nullable=False),
    Column("at", Moment, nullable=False),
    Column("swap", Id),
    Column("withdrawn_by", Words),
    Column("withdrawn_at", Moment),
    sqlite_autoincrement=True,
)

windows = Table(
    "windows",
    metadata,
    numbered(),
    Column("portal", Text, ForeignKey("portals.key"), nullable=False),
    Column("starts", Moment, nullable=False),
    Column("ends", Moment, nullable=False),
    Column("by", Words, nullable=False),
    Column("reason", Words, nullable=False),
    Column("contact", Words, nullable=False),
    Column("via", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("withdrawn_by", Words),
    Column("withdrawn_at", Moment),
    Index(None, "portal", "ends"),
    sqlite_autoincrement=True,
)

# One at each change of shift; who goes, who comes and what was handed over as JSON.
handovers = Table(
    "handovers",
    metadata,
    numbered(),
    Column("at", Moment, nullable=False),
    Column("outgoing", Words, nullable=False),
    Column("incoming", Words, nullable=False),
    Column("summary", Words, nullable=False),
    Column("escalated_at", Moment),
    Column(
        "begun_at", Moment
    ),  # later than `at` where nothing ran at the change; older versions did not note it
    UniqueConstraint("at"),
    sqlite_autoincrement=True,
)

confirmations = Table(
    "confirmations",
    metadata,
    Column("handover", Id, ForeignKey("handovers.id"), primary_key=True),
    Column("officer", Text, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("via", Text, nullable=False),
)

# The message of a handover (`alert`) tests the channels of those who come. What is known of a delivery goes
# with it when it is old; the answers stay.
channel_tests = Table(
    "channel_tests",
    metadata,
    numbered(),
    Column("handover", Id, ForeignKey("handovers.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("officer", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("alert", Id, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("acknowledged_at", Moment),
    Column("via", Text),
    Column("told_at", Moment),
    UniqueConstraint("handover", "officer", "channel"),
    Index(None, "at"),
    sqlite_autoincrement=True,
)

# Which shift had duty when a drill began; its officers (by key) as JSON.
drills = Table(
    "drills",
    metadata,
    Column("incident", Id, ForeignKey("incidents.id"), primary_key=True),
    Column("by", Words, nullable=False),
    Column("shift", Words, nullable=False),
    Column("team", Text),
    Column("officers", Words, nullable=False),
)
