"""How far each incident's escalation is, and whether its severity was raised in its occurrence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    raised = sa.Column("raised", sa.Integer, nullable=False, server_default="0")
    op.add_column("aeef_incidents", raised)
    incident = sa.ForeignKey("aeef_incidents.id")
    op.create_table(
        "aeef_escalations",
        sa.Column("incident_id", sa.String(36), incident, primary_key=True),
        sa.Column("severity", sa.String(2), nullable=False),
        sa.Column("occurrence", sa.Integer, nullable=False),
        sa.Column("began_at", sa.String(32), nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("due_at", sa.String(32)),
        sa.Column("taken_at", sa.String(32)),
        sa.Column("taken_by", sa.Text, nullable=False),
        sa.Column("takes", sa.Integer, nullable=False),
        sa.Column("leased_until", sa.String(32)),
        sa.Column("revision", sa.Integer, nullable=False),
    )
    due = sa.text("due_at IS NOT NULL")
    op.create_index(
        "aeef_escalations_due",
        "aeef_escalations",
        ["due_at"],
        sqlite_where=due,
        postgresql_where=due,
    )
