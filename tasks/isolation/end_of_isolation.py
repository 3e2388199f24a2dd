"""Ends an isolation: recorded for all its incidents, and known to a retry."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID, uuid5

from schemas.errors import IncidentNotFound
from schemas.isolation import Isolation
from schemas.settings import Settings, Target
from tasks.isolation import journal as isolation_journal
from tasks.store import open_store


def restored_before(incident_id: str, target: Target, settings: Settings) -> Isolation | None:
    """The outcome for a retry of a run that was killed after restoring everything; else None."""
    if isolation_journal.read_isolation(target.name, settings.home):
        return None
    restored = isolation_journal.read_restored(target.name, settings.home)
    if restored is None or incident_id not in restored.incidents:
        return None
    said = "an earlier attempt had put back everything; not looked at again"
    return Isolation(target=target.name, services=[], notes=[said])


def record_on_other_incidents(
    incident_id: str, target: Target, approver: str, settings: Settings
) -> None:
    """Record it once in the other incidents too; not while anything is still isolated."""
    if isolation_journal.read_isolation(target.name, settings.home):
        return
    restored = isolation_journal.read_restored(target.name, settings.home)
    if restored is None:
        return
    said = f"{target.name} is not isolated any more: restored for incident {incident_id}"
    for other in restored.incidents:
        if other != incident_id:
            with suppress(IncidentNotFound):  # from a database that no longer exists
                open_store(settings).record_action(
                    other,
                    f"{said}, approved by {approver}",
                    entry_id=uuid5(UUID(other), f"{said} {restored.isolated_at}"),
                )
