"""Masks: parts of pages that people leave out of the comparison"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "masks",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("capture", sa.Text(), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("left_px", "top_px", "width_px", "height_px")
        ),
        sa.Column("blocks", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.Column("expires", _AT, nullable=False),
        sa.Column("confirmed_by", sa.Text(), nullable=True),
        sa.Column("confirmed_at", _AT, nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("ended_at", _AT, nullable=True),
        sa.ForeignKeyConstraint(["page"], ["pages.id"], name=op.f("fk_masks_page")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_masks")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_masks_page_expires"), "masks", ["page", "expires"])
