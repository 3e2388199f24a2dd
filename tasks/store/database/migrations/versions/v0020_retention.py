"""Legal holds, what was disposed of, keys of original alerts; contents of entries may go."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0017"

_APPEND_ONLY = "the audit log is append-only"
_KEPT = ("seq", "entry_id", "timestamp", "prev_hash", "hash")
"""Of an entry whose content is disposed of, with `incident_id`: which must be there."""


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "aeef_holds",
        sa.Column("number", number, primary_key=True, autoincrement=True),
        sa.Column("incident_id", sa.String(36)),
        sa.Column("wanted", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("ended_at", sa.String(32)),
        sa.Column("ended_by", sa.Text, nullable=False),
        sa.Column("ended_why", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    standing = sa.text("ended_at IS NULL")
    op.create_index(
        "aeef_holds_standing",
        "aeef_holds",
        ["number"],
        sqlite_where=standing,
        postgresql_where=standing,
    )
    op.create_table(
        "aeef_disposals",
        sa.Column("incident_id", sa.String(36), primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("severity", sa.String(2), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
    )
    op.create_index("aeef_disposals_number", "aeef_disposals", ["number"])
    op.create_index("aeef_disposals_at", "aeef_disposals", ["at"])
    op.create_table(
        "aeef_original_keys",
        sa.Column("incident_id", sa.String(36), sa.ForeignKey("aeef_incidents.id"),
                  primary_key=True),
        sa.Column("key", sa.Text, nullable=False),
    )  # fmt: skip
    for table, column in (
        ("outbox", "incident_id"),
        ("acts", "incident_id"),
        ("deliveries", "incident_id"),
        ("related", "other_id"),
        ("paged", "carrier"),
    ):
        name = column.removesuffix("_id")
        op.create_index(f"aeef_{table}_{name}", f"aeef_{table}", [column])
    _content_may_go()


def _content_may_go() -> None:
    """An entry of an incident may lose its content, and nothing else of it may change.

    Whether an entry of the chain says so is what verifying compares.
    """
    same = " AND ".join(f"NEW.{each} = OLD.{each}" for each in (*_KEPT, "incident_id"))
    gone = "NEW.actor = '' AND NEW.action = '' AND NEW.details = '' AND NEW.automated = 0"
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER aeef_audit_no_update")
        op.execute(
            "CREATE TRIGGER aeef_audit_no_update BEFORE UPDATE ON aeef_audit "
            f"WHEN ({same} AND {gone}) IS NOT TRUE "
            f"BEGIN SELECT RAISE(ABORT, '{_APPEND_ONLY}'); END"
        )
        return
    op.execute(
        "CREATE OR REPLACE FUNCTION aeef_audit_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF TG_OP = 'UPDATE' THEN IF {same} AND {gone} THEN RETURN NEW; END IF; END IF; "
        f"RAISE EXCEPTION '{_APPEND_ONLY}'; END $$"
    )
