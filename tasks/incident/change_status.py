"""Moves an incident forward: mitigated, resolved."""

from __future__ import annotations

from schemas.incident import Status
from tasks.case import Case
from tasks.step import step


@step("change the status", says=lambda _none: None, timeout=60)
def change_status(case: Case, status: Status, reason: str) -> None:
    """Set the status, unless the incident already has a later one; the store records it."""
    case.store.set_status(
        case.incident_id,
        status,
        actor=case.actor,
        automated=case.person is None,
        reason=reason,
    )
