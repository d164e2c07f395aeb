"""What a page is made of, checks rolled up by day, and indexes for what is asked all the time"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


_FOUND_NOTHING = "coalesce(incident, 0) = 0 AND NOT wavered AND verdict IN ('clean', 'learning')"


def upgrade() -> None:
    op.add_column("profiles", sa.Column("digest", sa.Text(), nullable=True))
    op.create_table(
        "materials",
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["page"], ["pages.id"], name=op.f("fk_materials_page")),
        sa.PrimaryKeyConstraint("page", name=op.f("pk_materials")),
    )
    op.create_table(
        "check_days",
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("day", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("checks", sa.Integer(), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("elapsed", sa.Float(), nullable=False),
        sa.Column("longest", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["page"], ["pages.id"], name=op.f("fk_check_days_page")),
        sa.PrimaryKeyConstraint("page", "day", "tier", "verdict", name=op.f("pk_check_days")),
    )
    op.create_index(op.f("ix_check_days_day"), "check_days", ["day"], unique=False)
    op.create_index(op.f("ix_alerts_kind_id"), "alerts", ["kind", "id"], unique=False)
    _partial("ix_deliveries_unsent", "deliveries", ["channel", "state", "created_at"], "state <> 'sent'")
    named = ["at", "id", "served", "dom", "screenshot", "facts", "expired_at"]
    _partial("ix_captures_kept", "captures", named, "expired_at IS NULL")
    _partial("ix_checks_found_nothing", "checks", ["at"], _FOUND_NOTHING)
    _partial("ix_checks_wavered", "checks", ["page", "at"], "wavered")


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
