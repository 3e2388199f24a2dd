"""Moves an incident forward: mitigated, resolved."""

from __future__ import annotations

from schemas.incident import Status
from schemas.settings import load_settings
from tasks.step import step
from tasks.store import open_store


@step("change the status", says=lambda _none: None, timeout=60)
def change_status(incident_id: str, status: Status, reason: str) -> None:
    """Set the status unless the incident is further already; the store puts it on record."""
    open_store(load_settings()).set_status(
        incident_id, status, actor="aeef-runbooks", reason=reason
    )
