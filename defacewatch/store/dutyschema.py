"""The tables of the duty desk."""

from sqlalchemy import Column, ForeignKey, Index, Table, Text

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
