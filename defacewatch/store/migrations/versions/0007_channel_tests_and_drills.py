"""Tests of channels at the start of a shift, and who was on duty in a drill"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("handovers", sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "channel_tests",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("handover", _ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("alert", _ID, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("via", sa.Text(), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["handover"], ["handovers.id"], name=op.f("fk_channel_tests_handover")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_tests")),
        sa.UniqueConstraint(
            "handover", "officer", "channel", name=op.f("uq_channel_tests_handover_officer_channel")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_channel_tests_at", "channel_tests", ["at"])
    op.create_table(
        "drills",
        sa.Column("incident", _ID, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("shift", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=True),
        sa.Column("officers", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["incident"], ["incidents.id"], name=op.f("fk_drills_incident")),
        sa.PrimaryKeyConstraint("incident", name=op.f("pk_drills")),
    )
