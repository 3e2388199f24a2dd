"""What several machines of one store must have alike: secrets' fingerprints, version, settings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "aeef_fingerprints",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("machine", sa.Text, nullable=False),
        sa.Column("kept_at", sa.String(32), nullable=False),
    )
    op.add_column(
        "aeef_processes", sa.Column("alike", sa.Text, nullable=False, server_default="{}")
    )
