"""Entries of the audit log that belong to no incident."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from tasks.store.audit.audit import AuditLog, Chain


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
