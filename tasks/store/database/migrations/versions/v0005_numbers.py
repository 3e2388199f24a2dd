"""Short numbers of incidents, how many anchors there are, indexes for what is asked often."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_INCIDENTS = "aeef_incidents"
_IN_ORDER = """
UPDATE aeef_incidents SET number = ordered.position
FROM (
    SELECT id, row_number() OVER (ORDER BY opened_at, id) AS position FROM aeef_incidents
) AS ordered
WHERE ordered.id = aeef_incidents.id
"""


def upgrade() -> None:
    number = sa.Column("number", sa.Integer, nullable=False, server_default="0")
    op.add_column(_INCIDENTS, number)
    op.execute(_IN_ORDER)
    # Only those with a number: an older process that still runs puts in incidents without one.
    numbered, unfinished = sa.text("number > 0"), sa.text("done_at IS NULL")
    op.create_index(
        "aeef_incidents_number",
        _INCIDENTS,
        ["number"],
        unique=True,
        sqlite_where=numbered,
        postgresql_where=numbered,
    )
    op.add_column("aeef_audit_head", sa.Column("anchored", sa.Text))
    op.create_index("aeef_incidents_kinds", _INCIDENTS, ["type", "severity", "status"])
    relapsed = sa.text("occurrence > 1")
    op.create_index(
        "aeef_incidents_relapsed",
        _INCIDENTS,
        ["occurrence"],
        sqlite_where=relapsed,
        postgresql_where=relapsed,
    )
    op.create_index(
        "aeef_claims_unfinished",
        "aeef_claims",
        ["incident_id", "key"],
        sqlite_where=unfinished,
        postgresql_where=unfinished,
    )
