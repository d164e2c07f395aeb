"""What grows for years is not searched for what is rare in it"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    broken = sa.text("act = 'log-broken'")
    op.create_index("ix_audit_broken", "audit", ["number"], sqlite_where=broken, postgresql_where=broken)
    kept = sa.text("expired_at IS NULL")
    columns = ["features_version", "id"]
    op.create_index("ix_captures_version", "captures", columns, sqlite_where=kept, postgresql_where=kept)
    op.create_index("ix_checks_incident_id", "checks", ["incident", "id"])
    op.drop_index("ix_checks_incident", "checks")
