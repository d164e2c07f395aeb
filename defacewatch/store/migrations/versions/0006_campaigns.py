"""Campaigns, and messages that carry several deliveries"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "campaigns",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("opened_at", _MOMENT, nullable=False),
        sa.Column("trait", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("outage", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "campaign_members",
        sa.Column("incident", _ID, nullable=False),
        sa.Column("campaign", _ID, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["incident"], ["incidents.id"], name=op.f("fk_campaign_members_incident")),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name=op.f("fk_campaign_members_campaign")),
        sa.PrimaryKeyConstraint("incident", name=op.f("pk_campaign_members")),
    )
    op.create_index(op.f("ix_campaign_members_campaign"), "campaign_members", ["campaign"])
    op.create_table(
        "incident_marks",
        sa.Column("incident", _ID, nullable=False),
        sa.Column("trait", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("outage", sa.Boolean(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["incident"], ["incidents.id"], name=op.f("fk_incident_marks_incident")),
        sa.PrimaryKeyConstraint("incident", "trait", "value", name=op.f("pk_incident_marks")),
    )
    op.create_index(op.f("ix_incident_marks_trait_value"), "incident_marks", ["trait", "value"])
    op.create_index(op.f("ix_incident_marks_at"), "incident_marks", ["at"])
    op.create_table(
        "messages",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.Column("campaign", _ID, nullable=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("heard_at", _MOMENT, nullable=True),
        sa.Column("changed_at", _MOMENT, nullable=True),
        sa.Column("heard_of", sa.Integer(), nullable=False),
        sa.Column("worst", sa.Text(), nullable=True),
        sa.Column("receipt", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name=op.f("fk_messages_campaign")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_messages_campaign"), "messages", ["campaign"])
    op.create_index(
        op.f("ix_messages_officer_channel_created_at"), "messages", ["officer", "channel", "created_at"]
    )
    op.create_index(
        "uq_messages_thread",
        "messages",
        ["campaign", "channel", "officer"],
        unique=True,
        sqlite_where=sa.text("campaign IS NOT NULL"),
        postgresql_where=sa.text("campaign IS NOT NULL"),
    )
    op.add_column("deliveries", sa.Column("message", _ID, nullable=True))
    op.create_index(
        op.f("ix_deliveries_message"),
        "deliveries",
        ["message"],
        sqlite_where=sa.text("message IS NOT NULL"),
        postgresql_where=sa.text("message IS NOT NULL"),
    )
    op.create_index(
        "ix_deliveries_sent_at",
        "deliveries",
        ["officer", "channel", "sent_at"],
        sqlite_where=sa.text("sent_at IS NOT NULL"),
        postgresql_where=sa.text("sent_at IS NOT NULL"),
    )
