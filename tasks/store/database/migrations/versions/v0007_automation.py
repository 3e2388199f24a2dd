"""The automation's mode, by people's words, and the acts that its limits count."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "aeef_automation",
        sa.Column("number", _SEQUENCE, primary_key=True),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("since", sa.String(32), nullable=False),
        sa.Column("until", sa.String(32)),
    )
    op.create_index("aeef_automation_target", "aeef_automation", ["target", "number"])
    incident = sa.ForeignKey("aeef_incidents.id")
    op.create_table(
        "aeef_acts",
        sa.Column("number", _SEQUENCE, primary_key=True),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("incident_id", sa.String(36), incident, nullable=False),
        sa.Column("occurrence", sa.Integer, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("automated", sa.Integer, nullable=False),
    )
    op.create_index("aeef_acts_counted", "aeef_acts", ["target", "act", "at"])
