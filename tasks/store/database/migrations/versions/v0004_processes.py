"""What the processes beside the intake say of themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "aeef_processes",
        sa.Column("name", sa.String(255), primary_key=True),
        sa.Column("seen_at", sa.String(32), nullable=False),
        sa.Column("problems", sa.Text, nullable=False),
    )
