"""Bodies that were refused, and who has been heard of the senders."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "aeef_refused",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column("sender", sa.String(100), nullable=False),
        sa.Column("reason", sa.String(100), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("is_whole", sa.Integer, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("asked_by", sa.Text),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "aeef_heard_senders",
        sa.Column("sender", sa.String(100), primary_key=True),
        sa.Column("heard_at", sa.String(32)),
        sa.Column("listened_at", sa.String(32), nullable=False),
        sa.Column("silent_for", sa.BigInteger, nullable=False),
        sa.Column("is_reported", sa.Integer, nullable=False),
    )
