"""The table of masks."""

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text

from defacewatch.store.columns import Moment, Words
from defacewatch.store.schema import metadata, numbered

# Nothing is changed or deleted afterwards; what no longer holds is ended. Blocks are paths as JSON.
masks = Table(
    "masks",
    metadata,
    numbered(),
    Column("page", Text, ForeignKey("pages.id"), nullable=False),
    Column("capture", Text, nullable=False),
    *(Column(name, Integer, nullable=False) for name in ("left_px", "top_px", "width_px", "height_px")),
    Column("blocks", Words, nullable=False),
    Column("reason", Words, nullable=False),
    Column("by", Words, nullable=False),
    Column("at", Moment, nullable=False),
    Column("expires", Moment, nullable=False),
    Column("confirmed_by", Words),
    Column("confirmed_at", Moment),
    Column("ended_by", Words),
    Column("ended_at", Moment),
    Index(None, "page", "expires"),
    sqlite_autoincrement=True,
)
