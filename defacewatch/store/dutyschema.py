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
