"""Puts what people did in Prefect's UI onto the record: of its incident, or in general."""

from __future__ import annotations

from contextlib import suppress

from deployments.prefect_server.spool import Kept, Spool
from schemas.errors import IncidentNotFound, InvalidInput
from tasks.store import Store


def put_on_record(spool: Spool, store: Store) -> int:
    """Everything that waits, once; how many there were. Raises what the store raises."""
    count = 0
    for path, kept in spool.waiting():
        _record(kept, store)
        path.unlink(missing_ok=True)
        count += 1
    return count


def _record(kept: Kept, store: Store) -> None:
    with suppress(IncidentNotFound, InvalidInput):  # a run may name anything
        if kept.incident:
            store.record_action(
                kept.incident,
                kept.action,
                actor=kept.actor,
                automated=False,
                entry_id=kept.entry_id,
                timestamp=kept.at,
            )
            return
    store.record_general(
        kept.action,
        actor=kept.actor,
        automated=False,
        entry_id=kept.entry_id,
        timestamp=kept.at,
        details={**kept.details, "incident": kept.incident},
    )
