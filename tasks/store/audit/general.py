"""Entries of the audit log that belong to no incident."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from schemas.incident import AuditEntry
from tasks.store.audit.audit import AuditLog, Chain, entry_of
from tasks.store.database.tables import audit


def record(
    log: AuditLog,
    text: str,
    *,
    actor: str,
    automated: bool,
    entry_id: UUID,
    timestamp: datetime | None,
    details: Mapping[str, Any],
) -> bool:
    """Append one; False, without a change, when `entry_id` exists already."""

    def append(chain: Chain) -> bool:
        if chain.has(entry_id):
            return False
        chain.append(
            None,
            text,
            actor=actor,
            automated=automated,
            entry_id=entry_id,
            timestamp=timestamp,
            details=details,
        )
        return True

    return log.change(append)


def newest(log: AuditLog, limit: int) -> list[AuditEntry]:
    """The newest ones first."""
    query = (
        select(audit).where(audit.c.incident_id.is_(None)).order_by(audit.c.seq.desc()).limit(limit)
    )
    with log.database.read() as connection:
        return [entry_of(row) for row in connection.execute(query)]
