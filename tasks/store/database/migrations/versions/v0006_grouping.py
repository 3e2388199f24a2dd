"""Groups of incidents, the alerts of each, what flaps, and how fast somebody is paged."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0003"

NOT_OVER = sa.text("status NOT IN ('resolved', 'closed')")


def upgrade() -> None:
    op.add_column("aeef_incidents", sa.Column("group_key", sa.Text))
    op.add_column("aeef_incidents", sa.Column("group_hash", sa.String(64)))
    op.create_index(
        "aeef_incidents_one_open_per_group",
        "aeef_incidents",
        ["group_hash"],
        unique=True,
        sqlite_where=NOT_OVER,
        postgresql_where=NOT_OVER,
    )
    op.create_index("aeef_incidents_group", "aeef_incidents", ["group_hash"])
    _alerts()
    _flaps()
    _paged()


def _alerts() -> None:
    op.create_table(
        "aeef_alerts",
        sa.Column(
            "incident_id", sa.String(36), sa.ForeignKey("aeef_incidents.id"), primary_key=True
        ),
        sa.Column("key_hash", sa.String(64), primary_key=True),
        sa.Column("severity", sa.String(2), nullable=False),
        sa.Column("service", sa.Text),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("said", sa.Text, nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
        sa.Column("first_at", sa.String(32), nullable=False),
        sa.Column("last_at", sa.String(32), nullable=False),
        sa.Column("over_at", sa.String(32)),
    )
    op.create_index("aeef_alerts_key", "aeef_alerts", ["key_hash"])
    op.create_index("aeef_alerts_last", "aeef_alerts", ["incident_id", "last_at"])


def _flaps() -> None:
    op.create_table(
        "aeef_flaps",
        sa.Column(
            "incident_id", sa.String(36), sa.ForeignKey("aeef_incidents.id"), primary_key=True
        ),
        sa.Column("times", sa.Integer, nullable=False),
        sa.Column("since", sa.String(32), nullable=False),
        sa.Column("ended_at", sa.String(32), nullable=False),
        sa.Column("back_at", sa.String(32)),
        sa.Column("flapping", sa.Integer, nullable=False),
        sa.Column("due_at", sa.String(32)),
    )
    op.create_index("aeef_flaps_due", "aeef_flaps", ["due_at"])


def _paged() -> None:
    incident = "aeef_incidents.id"
    op.create_table(
        "aeef_paged",
        sa.Column("incident_id", sa.String(36), sa.ForeignKey(incident), primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("contact", sa.Text, nullable=False),
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("carrier", sa.String(36), sa.ForeignKey(incident)),
        sa.Column("sent_at", sa.String(32)),
    )
    op.create_index("aeef_paged_at", "aeef_paged", ["contact", "at"])
    untold = sa.text("carrier IS NOT NULL AND sent_at IS NULL")
    op.create_index(
        "aeef_paged_unsent",
        "aeef_paged",
        ["carrier"],
        sqlite_where=untold,
        postgresql_where=untold,
    )
