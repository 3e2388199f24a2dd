"""Who has an incident, who leads, what is proposed, how it ended; and which belong together."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    incident = "aeef_incidents.id"
    op.create_table(
        "aeef_standings",
        sa.Column("incident_id", sa.String(36), sa.ForeignKey(incident), primary_key=True),
        sa.Column("owner", sa.Text),
        sa.Column("owner_since", sa.String(32)),
        sa.Column("lead", sa.Text),
        sa.Column("lead_since", sa.String(32)),
        sa.Column("proposed_by", sa.Text),
        sa.Column("proposed_why", sa.Text),
        sa.Column("proposed_at", sa.String(32)),
        sa.Column("disposition", sa.Text),
        sa.Column("merged_into", sa.String(36), sa.ForeignKey(incident)),
    )
    merged = sa.text("merged_into IS NOT NULL")
    op.create_index(
        "aeef_standings_merged",
        "aeef_standings",
        ["merged_into"],
        sqlite_where=merged,
        postgresql_where=merged,
    )
    op.create_table(
        "aeef_related",
        sa.Column("incident_id", sa.String(36), sa.ForeignKey(incident), primary_key=True),
        sa.Column("other_id", sa.String(36), sa.ForeignKey(incident), primary_key=True),
    )
    # What was taken before keeps its owner.
    op.execute(
        "INSERT INTO aeef_standings (incident_id, owner, owner_since)"
        " SELECT e.incident_id, e.taken_by, i.acknowledged_at FROM aeef_escalations e"
        " JOIN aeef_incidents i ON i.id = e.incident_id"
        " WHERE e.taken_at IS NOT NULL AND i.acknowledged_at IS NOT NULL"
    )
