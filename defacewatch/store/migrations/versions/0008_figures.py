"""Incidents and alerts of a period, found by its dates"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_incidents_resolved_at"), "incidents", ["resolved_at"])
    op.create_index(op.f("ix_alerts_at"), "alerts", ["at"])
