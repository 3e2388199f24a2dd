"""Who says that an incident is of its type. Of older ones their alert tells it."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_LABELS = ("aeef_type", "incident_type", "aeef.type")
_TYPES = {
    "drift", "security", "agent-violation", "data-breach", "quality-degradation",
    "deployment-failure", "unknown",
}  # fmt: skip
_INCIDENTS = "aeef_incidents"


def upgrade() -> None:
    op.add_column(
        _INCIDENTS,
        sa.Column("type_source", sa.String(6), nullable=False, server_default="sender"),
    )
    op.add_column(_INCIDENTS, sa.Column("guessed_from", sa.Text, nullable=False, server_default=""))
    op.add_column(_INCIDENTS, sa.Column("word_at", sa.String(32)))
    incidents = sa.table(
        _INCIDENTS,
        *(sa.column(name) for name in ("id", "type", "alert", "type_source", "guessed_from")),
    )
    connection = op.get_bind()
    rows = connection.execute(sa.select(incidents.c.id, incidents.c.type, incidents.c.alert))
    for row in rows.all():
        if _named(row.alert):
            continue
        # A rule may have named it; that was not recorded, so it counts as a guess.
        guessed = row.type != "unknown"
        connection.execute(
            sa.update(incidents)
            .where(incidents.c.id == row.id)
            .values(
                type_source="guess" if guessed else "none",
                guessed_from="what was not recorded then" if guessed else "",
            )
        )


def _named(alert_text: str) -> bool:
    """True when the alert names its type itself."""
    alert = json.loads(alert_text)
    labels = alert.get("labels") or {}
    said = {str(labels.get(name, "")).strip().lower().replace("_", "-") for name in _LABELS}
    return bool(alert.get("type") or said & _TYPES)
