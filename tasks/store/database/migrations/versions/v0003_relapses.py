"""Occurrences of an incident, and the looks at services that may be broken again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    first = sa.Column("occurrence", sa.Integer, nullable=False, server_default="1")
    op.add_column("aeef_incidents", first)
    op.add_column("aeef_incidents", sa.Column("relapsed_at", sa.String(32)))
    incident = sa.ForeignKey("aeef_incidents.id")
    op.create_table(
        "aeef_looks",
        sa.Column("incident_id", sa.String(36), incident, primary_key=True),
        sa.Column("asked", sa.Integer, nullable=False),
        sa.Column("answered", sa.Integer, nullable=False),
        sa.Column("asked_at", sa.String(32), nullable=False),
        sa.Column("severity", sa.String(2), nullable=False),
        sa.Column("repeated_only", sa.Integer, nullable=False),
        sa.Column("leased_until", sa.String(32)),
        sa.Column("outcome", sa.Text),
    )
