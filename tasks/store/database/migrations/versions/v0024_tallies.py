"""What is counted for ever, beginning with what is on record; reviews by the calendar."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import sqlalchemy as sa
from alembic import op

from schemas.figures import HISTOGRAMS, RELAPSE_COUNTER, Moment
from schemas.figures.counters import bucket_of
from schemas.incident import canonical_json

revision = "0024"
down_revision = "0023"

Sums = Counter[tuple[str, str]]
_AT_ONCE = 1000


def upgrade() -> None:
    made = op.create_table(
        "aeef_tallies",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("labels", sa.String(300), primary_key=True),
        sa.Column("value", sa.Float(53), nullable=False),
    )
    op.create_table(
        "aeef_calendar_reviews",
        sa.Column("kind", sa.String(10), primary_key=True),
        sa.Column("period", sa.String(32), primary_key=True),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("drawn_at", sa.String(32), nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("entry", sa.BigInteger),
        sa.Column("notified_at", sa.String(32)),
        sa.Column("leased_until", sa.String(32)),
    )
    op.create_index("aeef_calendar_reviews_drawn", "aeef_calendar_reviews", ["drawn_at"])
    there = sa.text("SELECT * FROM aeef_moments WHERE is_drill = 0").execution_options(
        yield_per=_AT_ONCE
    )
    sums: Sums = Counter()
    for row in op.get_bind().execute(there):
        _count(row, sums)
    rows = [{"name": name, "labels": of, "value": value} for (name, of), value in sums.items()]
    if rows:
        op.bulk_insert(made, rows)


def _count(row: sa.Row[tuple[object, ...]], sums: Sums) -> None:
    of = {"severity": row.severity, "type": row.type}
    if row.occurrence > 1:
        sums[RELAPSE_COUNTER.name, canonical_json(of)] += 1
    for moment, (name, _) in HISTOGRAMS.items():
        if (took := _took(row, moment)) is not None:
            seconds = took.total_seconds()
            sums[name, canonical_json({**of, "le": bucket_of(seconds)})] += 1
            sums[f"{name}_sum", canonical_json(of)] += seconds  # type: ignore[assignment]


def _took(row: sa.Row[tuple[object, ...]], moment: Moment) -> timedelta | None:
    if (end := getattr(row, f"{moment.value}_at")) is None:
        return None
    took = datetime.fromisoformat(end) - datetime.fromisoformat(row.detected_at)
    return took if took >= timedelta() else None
