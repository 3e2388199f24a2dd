"""For which severity the review of an incident is owed that people made less of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.add_column("aeef_standings", sa.Column("reviewed_as", sa.String(2)))
    lowered = sa.text("reviewed_as IS NOT NULL")
    op.create_index(
        "aeef_standings_reviewed_as",
        "aeef_standings",
        ["reviewed_as"],
        sqlite_where=lowered,
        postgresql_where=lowered,
    )
