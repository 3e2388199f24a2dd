"""What is counted for ever: pages, acts, relapses, how long it took. It begins with the relapses
that are on record.
"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    made = op.create_table(
        "aeef_tallies",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("labels", sa.String(300), primary_key=True),
        sa.Column("value", sa.Float(53), nullable=False),
    )
    there = (
        "SELECT severity, type, SUM(occurrence - 1) FROM aeef_incidents WHERE occurrence > 1"
        " GROUP BY severity, type"
    )
    rows = [_row(*row) for row in op.get_bind().exec_driver_sql(there)]
    if rows:
        op.bulk_insert(made, rows)


def _row(severity: str, kind: str, number: int) -> dict[str, Any]:
    labels = json.dumps({"severity": severity, "type": kind}, separators=(",", ":"))
    return {"name": "aeef_relapses", "labels": labels, "value": float(number)}
