"""The tables of what people are told: alerts, and one delivery for each message that carries one."""

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint, text

from defacewatch.alerts import DeliveryState
from defacewatch.store.columns import Moment, Words
from defacewatch.store.schema import Id, metadata, numbered

alerts = Table(
    "alerts",
    metadata,
    numbered(),
    Column("kind", Text, nullable=False),
    Column("urgency", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("incident", Id, ForeignKey("incidents.id"), index=True),
    Column("page", Text, ForeignKey("pages.id")),
    Column("check", Id, ForeignKey("checks.id", ondelete="SET NULL"), index=True),
    Column("capture", Text),
    Column("officer", Text),
    Column("facts", Words, nullable=False),
    Column("step", Integer, nullable=False),
    Column("next_step_at", Moment),
    Column("reached", Moment),  # when the step that was taken last was due
    Index(None, "kind", "id"),
    Index(None, "at"),
    Index(
        None,
        "next_step_at",
        sqlite_where=text("next_step_at IS NOT NULL"),
        postgresql_where=text("next_step_at IS NOT NULL"),
    ),
    sqlite_autoincrement=True,
)

# `officer` is '' for a webhook: an empty column would not be unique.
deliveries = Table(
    "deliveries",
    metadata,
    numbered(),
    Column("alert", Id, ForeignKey("alerts.id"), nullable=False),
    Column("step", Integer, nullable=False),
    Column("channel", Text, nullable=False),
    Column("officer", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("next_at", Moment),  # when it is due; while it is being sent, when the lease ends
    Column("receipt", Words),
    Column("error", Words),
    Column("sent_at", Moment),
    Column("message", Id),  # that carries it with others; empty: one of its own
    UniqueConstraint("alert", "step", "channel", "officer"),
    Index(
        None,
        "message",
        sqlite_where=text("message IS NOT NULL"),
        postgresql_where=text("message IS NOT NULL"),
    ),
    Index(
        "ix_deliveries_sent_at",
        "officer",
        "channel",
        "sent_at",
        sqlite_where=text("sent_at IS NOT NULL"),
        postgresql_where=text("sent_at IS NOT NULL"),
    ),
    Index(
        None,
        "channel",
        "next_at",
        sqlite_where=text("next_at IS NOT NULL"),
        postgresql_where=text("next_at IS NOT NULL"),
    ),
    Index(
        "ix_deliveries_unsent",
        "channel",
        "state",
        "created_at",
        sqlite_where=text("state <> 'sent'"),
        postgresql_where=text("state <> 'sent'"),
    ),
    sqlite_autoincrement=True,
)

UNFINISHED = deliveries.c.state.in_([DeliveryState.PENDING.value, DeliveryState.SENDING.value])
