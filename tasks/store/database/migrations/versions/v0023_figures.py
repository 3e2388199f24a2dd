"""What figures are grouped by, drills, and the moments of incidents of older versions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from alembic import op

from tasks.store.moments.replay import Replay

revision = "0023"
down_revision = "0021"

_AT_ONCE = 1000
_MOMENTS = sa.table(
    "aeef_moments",
    *(
        sa.column(name)
        for name in (
            "incident_id", "occurrence", "detected_at", "paged_at", "acknowledged_at",
            "contained_at", "mitigated_at", "resolved_at", "closed_at", "by_machine", "is_drill",
            "severity", "type", "service", "team", "weekday", "paged_us", "acknowledged_us",
            "contained_us", "mitigated_us", "resolved_us",
        )
    ),
)  # fmt: skip
_INCIDENTS = sa.table("aeef_incidents", sa.column("id"), sa.column("document"))
_AUDIT = sa.table(
    "aeef_audit",
    *(
        sa.column(name)
        for name in ("incident_id", "seq", "action", "timestamp", "automated", "details")
    ),
)


def upgrade() -> None:
    drill = sa.Column("is_drill", sa.Integer, nullable=False, server_default="0")
    op.add_column("aeef_incidents", drill)
    for name, kind in (("severity", sa.String(2)), ("type", sa.Text()), ("service", sa.Text()),
                       ("team", sa.Text())):  # fmt: skip
        column: sa.Column[str] = sa.Column(name, kind, nullable=False, server_default="")
        op.add_column("aeef_moments", column)
    weekday = sa.Column("weekday", sa.Integer, nullable=False, server_default="0")
    op.add_column("aeef_moments", weekday)
    for name in ("paged", "acknowledged", "contained", "mitigated", "resolved"):
        op.add_column("aeef_moments", sa.Column(f"{name}_us", sa.BigInteger))
    _fill(op.get_bind())


def _fill(connection: sa.Connection) -> None:
    connection.execute(sa.delete(_MOMENTS))
    ids = connection.execute(sa.select(_INCIDENTS.c.id)).scalars().all()
    for start in range(0, len(ids), _AT_ONCE):
        if rows := list(_moments_of(connection, ids[start : start + _AT_ONCE])):
            connection.execute(sa.insert(_MOMENTS), rows)


def _moments_of(connection: sa.Connection, ids: Sequence[str]) -> Iterator[dict[str, Any]]:
    some = sa.select(_INCIDENTS).where(_INCIDENTS.c.id.in_(ids))
    documents = {row.id: row.document for row in connection.execute(some)}
    entries = sa.select(_AUDIT).where(_AUDIT.c.incident_id.in_(ids))
    rows = connection.execute(entries.order_by(_AUDIT.c.incident_id, _AUDIT.c.seq))
    for incident_id, group in groupby(rows, key=lambda each: each.incident_id):
        replay = Replay()
        for row in group:
            with suppress(ValueError):  # verifying reports it; an upgrade must not stop for it
                replay.take(
                    row.action,
                    row.timestamp,
                    json.loads(row.details),
                    automated=bool(row.automated),
                )
        yield from replay.rows(incident_id, json.loads(documents[incident_id]))
