"""The first tables: incidents, audit chain, claims, outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_APPEND_ONLY = "the audit log is append-only"


def upgrade() -> None:
    _incidents()
    _audit()
    _append_only()
    _claims_and_outbox()


def _incidents() -> None:
    op.create_table(
        "aeef_incidents",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("severity", sa.String(2), nullable=False),
        sa.Column("status", sa.String(13), nullable=False),
        sa.Column("dedup_key", sa.Text, nullable=False),
        sa.Column("dedup_hash", sa.String(64), nullable=False),
        sa.Column("opened_at", sa.String(32), nullable=False),
        sa.Column("acknowledged_at", sa.String(32)),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("alert", sa.Text, nullable=False),
    )
    not_over = sa.text("status NOT IN ('resolved', 'closed')")
    op.create_index(
        "aeef_incidents_one_open_per_key",
        "aeef_incidents",
        ["dedup_hash"],
        unique=True,
        sqlite_where=not_over,
        postgresql_where=not_over,
    )
    op.create_index("aeef_incidents_key", "aeef_incidents", ["dedup_hash"])
    op.create_index("aeef_incidents_opened", "aeef_incidents", ["opened_at"])


def _audit() -> None:
    op.create_table(
        "aeef_audit",
        sa.Column("seq", _SEQUENCE, primary_key=True, autoincrement=False),
        sa.Column("entry_id", sa.String(36), nullable=False, unique=True),
        sa.Column("incident_id", sa.String(36)),
        sa.Column("timestamp", sa.String(32), nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("automated", sa.Integer, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
        sa.Column("prev_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_index("aeef_audit_incident", "aeef_audit", ["incident_id", "seq"])
    head = op.create_table(
        "aeef_audit_head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.bulk_insert(head, [{"id": 1, "seq": 0, "hash": "0" * 64}])


def _append_only() -> None:
    """Forbid changing audit entries; if somebody drops these triggers, the chain shows changes."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER aeef_audit_no_{verb.lower()} BEFORE {verb} ON aeef_audit "
                f"BEGIN SELECT RAISE(ABORT, '{_APPEND_ONLY}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION aeef_audit_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_APPEND_ONLY}'; END $$"
    )
    for name, verbs in (("row", "UPDATE OR DELETE"), ("table", "TRUNCATE")):
        op.execute(
            f"CREATE TRIGGER aeef_audit_no_change_{name} BEFORE {verbs} ON aeef_audit "
            f"FOR EACH {'ROW' if name == 'row' else 'STATEMENT'} "
            "EXECUTE FUNCTION aeef_audit_append_only()"
        )


def _claims_and_outbox() -> None:
    incident = "aeef_incidents.id"
    op.create_table(
        "aeef_claims",
        sa.Column("incident_id", sa.String(36), sa.ForeignKey(incident), primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("holder", sa.Text),
        sa.Column("leased_until", sa.String(32)),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("result", sa.Text),
        sa.Column("done_at", sa.String(32)),
    )
    op.create_table(
        "aeef_outbox",
        sa.Column("seq", _SEQUENCE, primary_key=True),
        sa.Column("event_id", sa.String(36), nullable=False, unique=True),
        sa.Column("incident_id", sa.String(36), sa.ForeignKey(incident), nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("occurred_at", sa.String(32), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", sa.String(32), nullable=False),
        sa.Column("leased_by", sa.Text),
        sa.Column("leased_until", sa.String(32)),
        sa.Column("sent_at", sa.String(32)),
    )
    unsent = sa.text("sent_at IS NULL")
    op.create_index(
        "aeef_outbox_unsent",
        "aeef_outbox",
        ["seq"],
        sqlite_where=unsent,
        postgresql_where=unsent,
    )
