"""What waits for webhooks, what none took, and how far each has read the outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "aeef_webhooks",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("seq", number, nullable=False),
        sa.Column("delivered", sa.Integer, nullable=False),
        sa.Column("delivered_at", sa.String(32)),
    )
    incident = sa.ForeignKey("aeef_incidents.id")
    op.create_table(
        "aeef_deliveries",
        sa.Column("webhook", sa.String(64), primary_key=True),
        sa.Column("event_id", sa.String(36), primary_key=True),
        sa.Column("incident_id", sa.String(36), incident, nullable=False),
        sa.Column("seq", number, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", sa.String(32), nullable=False),
        sa.Column("leased_by", sa.Text),
        sa.Column("leased_until", sa.String(32)),
        sa.Column("error", sa.Text, nullable=False),
    )
    op.create_index("aeef_deliveries_due", "aeef_deliveries", ["webhook", "incident_id", "seq"])
