"""The tables of storm control: campaigns, and messages that carry several deliveries."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Text, text

from defacewatch.store.columns import Moment, Words
from defacewatch.store.schema import Id, metadata, numbered

campaigns = Table(
    "campaigns",
    metadata,
    numbered(),
    Column("opened_at", Moment, nullable=False),
    Column("trait", Text, nullable=False),  # what its incidents have in common
    Column("value", Words, nullable=False),
    Column("outage", Boolean, nullable=False),
    sqlite_autoincrement=True,
)

campaign_members = Table(
    "campaign_members",
    metadata,
    Column("incident", Id, ForeignKey("incidents.id"), primary_key=True),
    Column("campaign", Id, ForeignKey("campaigns.id"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
)

# Kept for as long as another incident may be compared with them.
incident_marks = Table(
    "incident_marks",
    metadata,
    Column("incident", Id, ForeignKey("incidents.id"), primary_key=True),
    Column("trait", Text, primary_key=True),
    Column("value", Words, primary_key=True),
    Column("outage", Boolean, nullable=False),
    Column("at", Moment, nullable=False),
    Index(None, "trait", "value"),
    Index(None, "at"),
)

# A message that carries several deliveries: one thread of a campaign (changed and sent anew), or a digest.
messages = Table(
    "messages",
    metadata,
    numbered(),
    Column("channel", Text, nullable=False),
    Column("officer", Text, nullable=False),
    Column("campaign", Id, ForeignKey("campaigns.id"), index=True),  # empty: a digest
    Column("created_at", Moment, nullable=False),
    Column("heard_at", Moment),  # when it last made itself heard
    Column("changed_at", Moment),
    Column("heard_of", Integer, nullable=False),  # incidents, when it was heard
    Column("worst", Text),
    Column("receipt", Words),
    Index(
        "uq_messages_thread",
        "campaign",
        "channel",
        "officer",
        unique=True,
        sqlite_where=text("campaign IS NOT NULL"),
        postgresql_where=text("campaign IS NOT NULL"),
    ),
    Index(None, "officer", "channel", "created_at"),
    sqlite_autoincrement=True,
)
