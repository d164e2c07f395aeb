"""The first tables"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "meta",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_meta")),
    )
    op.create_table(
        "portals",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("operator", sa.Text(), nullable=True),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("critical", sa.Boolean(), nullable=False),
        sa.Column("contacts", sa.Text(), nullable=False),
        sa.Column("changed_urgency", sa.Text(), nullable=False),
        sa.Column("defaced_urgency", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("paused_by", sa.Text(), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_portals")),
    )
    op.create_table(
        "pages",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("portal", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("probe_every", sa.Float(), nullable=True),
        sa.Column("render_every", sa.Float(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["portal"], ["portals.key"], name=op.f("fk_pages_portal")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pages")),
    )
    op.create_index(op.f("ix_pages_portal"), "pages", ["portal"], unique=False)

    op.create_table(
        "captures",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("served", sa.Text(), nullable=False),
        sa.Column("dom", sa.Text(), nullable=False),
        sa.Column("screenshot", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("dom_hash", sa.Text(), nullable=False),
        sa.Column("screen_hash", sa.Text(), nullable=False),
        sa.Column("final_url", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("attack", sa.Boolean(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=True),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("features_version", sa.Integer(), nullable=False),
        sa.Column("features", sa.LargeBinary(), nullable=True),
        sa.Column("expired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["page"], ["pages.id"], name=op.f("fk_captures_page")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_captures")),
    )
    op.create_index(op.f("ix_captures_at"), "captures", ["at"], unique=False)
    op.create_index(op.f("ix_captures_page_at"), "captures", ["page", "at"], unique=False)
    op.create_index(
        op.f("ix_captures_proposed_at"),
        "captures",
        ["proposed_at"],
        unique=False,
        sqlite_where=sa.text("proposed_at IS NOT NULL"),
        postgresql_where=sa.text("proposed_at IS NOT NULL"),
    )

    op.create_table(
        "incidents",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("alerted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.Text(), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_as", sa.Text(), nullable=True),
        sa.Column("differences", sa.Text(), nullable=False),
        sa.Column("intermittent", sa.Boolean(), nullable=False),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("capture", sa.Text(), nullable=True),
        sa.Column("previous", _ID, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["page"], ["pages.id"], name=op.f("fk_incidents_page")),
        sa.ForeignKeyConstraint(["previous"], ["incidents.id"], name=op.f("fk_incidents_previous")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_incidents_page_id"), "incidents", ["page", "id"], unique=False)
    op.create_index(op.f("ix_incidents_state_id"), "incidents", ["state", "id"], unique=False)
    op.create_index(
        "uq_incidents_unresolved",
        "incidents",
        ["page"],
        unique=True,
        sqlite_where=sa.text("state <> 'resolved'"),
        postgresql_where=sa.text("state <> 'resolved'"),
    )

    op.create_table(
        "page_state",
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failure_tier", sa.Text(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("body_hash", sa.Text(), nullable=True),
        sa.Column("served_hash", sa.Text(), nullable=True),
        sa.Column("dom_hash", sa.Text(), nullable=True),
        sa.Column("screen_hash", sa.Text(), nullable=True),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("captured_hash", sa.Text(), nullable=True),
        sa.Column("capture", sa.Text(), nullable=True),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("certificate_told_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["page"], ["pages.id"], name=op.f("fk_page_state_page")),
        sa.PrimaryKeyConstraint("page", name=op.f("pk_page_state")),
    )
    op.create_table(
        "profiles",
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["page"], ["pages.id"], name=op.f("fk_profiles_page")),
        sa.PrimaryKeyConstraint("page", name=op.f("pk_profiles")),
    )
    op.create_table(
        "approvals",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("capture", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("also", sa.Boolean(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("features_version", sa.Integer(), nullable=False),
        sa.Column("features", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["capture"], ["captures.id"], name=op.f("fk_approvals_capture")),
        sa.ForeignKeyConstraint(["page"], ["pages.id"], name=op.f("fk_approvals_page")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_approvals_capture"), "approvals", ["capture"], unique=False)
    op.create_index(op.f("ix_approvals_page_id"), "approvals", ["page", "id"], unique=False)

    op.create_table(
        "checks",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("evidence", sa.Float(), nullable=False),
        sa.Column("intermittent", sa.Boolean(), nullable=False),
        sa.Column("wavered", sa.Boolean(), nullable=False),
        sa.Column("signals", sa.Text(), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("elapsed", sa.Float(), nullable=False),
        sa.Column("dom_hash", sa.Text(), nullable=True),
        sa.Column("screen_hash", sa.Text(), nullable=True),
        sa.Column("capture", sa.Text(), nullable=True),
        sa.Column("incident", _ID, nullable=True),
        sa.ForeignKeyConstraint(["incident"], ["incidents.id"], name=op.f("fk_checks_incident")),
        sa.ForeignKeyConstraint(["page"], ["pages.id"], name=op.f("fk_checks_page")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checks")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_checks_at"), "checks", ["at"], unique=False)
    op.create_index(op.f("ix_checks_incident"), "checks", ["incident"], unique=False)
    op.create_index(op.f("ix_checks_page_at"), "checks", ["page", "at"], unique=False)

    op.create_table(
        "incident_events",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("incident", _ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("capture", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["incident"], ["incidents.id"], name=op.f("fk_incident_events_incident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_events")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_incident_events_incident_id"), "incident_events", ["incident", "id"], unique=False
    )

    op.create_table(
        "mutes",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("incident", _ID, nullable=True),
        sa.ForeignKeyConstraint(["incident"], ["incidents.id"], name=op.f("fk_mutes_incident")),
        sa.ForeignKeyConstraint(["page"], ["pages.id"], name=op.f("fk_mutes_page")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mutes")),
    )
    op.create_index(op.f("ix_mutes_page"), "mutes", ["page"], unique=False)

    op.create_table(
        "alerts",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("urgency", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("incident", _ID, nullable=True),
        sa.Column("page", sa.Text(), nullable=True),
        sa.Column("check", _ID, nullable=True),
        sa.Column("capture", sa.Text(), nullable=True),
        sa.Column("officer", sa.Text(), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("next_step_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["check"], ["checks.id"], name=op.f("fk_alerts_check"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["incident"], ["incidents.id"], name=op.f("fk_alerts_incident")),
        sa.ForeignKeyConstraint(["page"], ["pages.id"], name=op.f("fk_alerts_page")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_alerts_check"), "alerts", ["check"], unique=False)
    op.create_index(op.f("ix_alerts_incident"), "alerts", ["incident"], unique=False)
    op.create_index(
        op.f("ix_alerts_next_step_at"),
        "alerts",
        ["next_step_at"],
        unique=False,
        sqlite_where=sa.text("next_step_at IS NOT NULL"),
        postgresql_where=sa.text("next_step_at IS NOT NULL"),
    )

    op.create_table(
        "deliveries",
        sa.Column("id", _ID, autoincrement=True, nullable=False),
        sa.Column("alert", _ID, nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("receipt", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["alert"], ["alerts.id"], name=op.f("fk_deliveries_alert")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint(
            "alert", "step", "channel", "officer", name=op.f("uq_deliveries_alert_step_channel_officer")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_deliveries_channel_next_at"),
        "deliveries",
        ["channel", "next_at"],
        unique=False,
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
