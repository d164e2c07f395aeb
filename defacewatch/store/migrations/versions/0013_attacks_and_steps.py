"""Since when an incident is an attack; how far an alert has gone on"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# What became an attack while it was open says so on its timeline; all else was one from its beginning.
_SINCE_WHEN = sa.text(
    """
    UPDATE incidents
    SET attacked_at = coalesce(
        (
            SELECT min(at) FROM incident_events
            WHERE incident = incidents.id AND event = 'worsened' AND verdict = 'defaced'
        ),
        opened_at
    )
    WHERE verdict = 'defaced'
    """
)


def upgrade() -> None:
    op.add_column("incidents", sa.Column("attacked_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_incidents_attacked_at"), "incidents", ["attacked_at"])
    op.execute(_SINCE_WHEN)
    op.add_column("alerts", sa.Column("reached", sa.DateTime(timezone=True), nullable=True))
