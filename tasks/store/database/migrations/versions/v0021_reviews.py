"""What people wrote into reviews before, and which of it the audit log has."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    zero = sa.Column("waits", sa.Integer, nullable=False, server_default="0")
    op.add_column("aeef_reviews", zero)
    zero = sa.Column("noted", sa.Integer, nullable=False, server_default="0")
    op.add_column("aeef_review_texts", zero)
    being_written = sa.text("revision > noted")
    op.create_index(
        "aeef_review_texts_being_written",
        "aeef_review_texts",
        ["at"],
        sqlite_where=being_written,
        postgresql_where=being_written,
    )
    op.create_table(
        "aeef_review_history",
        sa.Column(
            "incident_id", sa.String(36), sa.ForeignKey("aeef_incidents.id"), primary_key=True
        ),
        sa.Column("question", sa.String(32), primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
    )
