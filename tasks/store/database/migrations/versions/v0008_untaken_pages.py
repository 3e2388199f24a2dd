"""Pages that nothing which rings has taken yet, the clock of leases, and a place to write to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "aeef_untaken_pages",
        sa.Column(
            "incident_id", sa.String(36), sa.ForeignKey("aeef_incidents.id"), primary_key=True
        ),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("page", sa.Text, nullable=False),
        sa.Column("due_at", sa.String(32), nullable=False),
    )
    op.create_table(
        "aeef_lease_clock",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("boot", sa.String(64), nullable=False),
        sa.Column("ticks", sa.BigInteger, nullable=False),
        sa.Column("moment", sa.String(32), nullable=False),
    )
    op.create_table(
        "aeef_written",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
    )
