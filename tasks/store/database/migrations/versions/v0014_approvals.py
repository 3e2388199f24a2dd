"""Approvals: what people were shown, and who signed; recoveries of targets from incidents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "aeef_approvals",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("incident_id", sa.String(36), sa.ForeignKey("aeef_incidents.id"), nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("asked_at", sa.String(32), nullable=False),
        sa.Column("pending", sa.Integer, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_index("aeef_approvals_incident", "aeef_approvals", ["incident_id"])
    op.create_index(
        "aeef_approvals_pending",
        "aeef_approvals",
        ["asked_at"],
        sqlite_where=sa.text("pending = 1"),
        postgresql_where=sa.text("pending = 1"),
    )
    op.create_table(
        "aeef_recoveries",
        sa.Column(
            "incident_id", sa.String(36), sa.ForeignKey("aeef_incidents.id"), primary_key=True
        ),
        sa.Column("target", sa.Text, primary_key=True),
        sa.Column("began_at", sa.String(32), nullable=False),
        sa.Column("going_on", sa.Integer, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )
