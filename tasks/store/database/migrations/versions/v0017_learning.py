"""When what happened, reviews of incidents, and what is done so that they do not come back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def _incident() -> sa.ForeignKey:
    return sa.ForeignKey("aeef_incidents.id")


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "aeef_moments",
        sa.Column("incident_id", sa.String(36), _incident(), primary_key=True),
        sa.Column("occurrence", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("detected_at", sa.String(32), nullable=False),
        sa.Column("paged_at", sa.String(32)),
        sa.Column("acknowledged_at", sa.String(32)),
        sa.Column("contained_at", sa.String(32)),
        sa.Column("mitigated_at", sa.String(32)),
        sa.Column("resolved_at", sa.String(32)),
        sa.Column("closed_at", sa.String(32)),
        sa.Column("by_machine", sa.Text, nullable=False),
        sa.Column("is_drill", sa.Integer, nullable=False),
    )
    op.create_index("aeef_moments_detected", "aeef_moments", ["detected_at"])
    op.create_table(
        "aeef_reviews",
        sa.Column("incident_id", sa.String(36), _incident(), primary_key=True),
        sa.Column("form", sa.String(5), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("due_at", sa.String(32), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_index("aeef_reviews_due", "aeef_reviews", ["state", "due_at"])
    op.create_table(
        "aeef_review_texts",
        sa.Column("incident_id", sa.String(36), _incident(), primary_key=True),
        sa.Column("question", sa.String(32), primary_key=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
    )
    op.create_table(
        "aeef_corrective_actions",
        sa.Column("number", number, primary_key=True, autoincrement=True),
        sa.Column("incident_id", sa.String(36), _incident(), nullable=False),
        sa.Column("category", sa.String(20), nullable=False),
        sa.Column("stage", sa.String(8), nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("due_at", sa.String(32), nullable=False),
        sa.Column("look_at", sa.String(32)),
        sa.Column("document", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    for name, column in (("incident", "incident_id"), ("look", "look_at")):
        op.create_index(f"aeef_corrective_actions_{name}", "aeef_corrective_actions", [column])
