"""Until when a difference is muted"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mutes", sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True))
