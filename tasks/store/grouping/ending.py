"""A sender says that an alert is over: its incident ends when all of its alerts are."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row

from schemas.incident import (
    RESOLVED,
    Alert,
    Grouping,
    Incident,
    Routes,
    Status,
    route_for,
)
from schemas.lifecycle import why_not_by_sender
from tasks.base.storable import first_line
from tasks.store.audit.audit import AuditLog, Chain
from tasks.store.grouping.alerts import end, how_many, open_one_with_key
from tasks.store.grouping.flaps import note_end, stay_quiet
from tasks.store.lifecycle.standings import has_failed, propose
from tasks.store.records import Change, incident_of


class Ended(NamedTuple):
    """The incident of an alert that is over. is_over: so is the incident, by this.

    proposed: why people have to decide that; empty: it is over, or other alerts go on.
    """

    incident: Incident
    is_over: bool
    proposed: str = ""


def end_alert(
    log: AuditLog,
    alert: Alert,
    key: str,
    grouping: Grouping,
    entry: UUID | None,
    routes: Routes,
) -> Ended | None:
    """See `Store.end_alert`."""

    def work(chain: Chain) -> Ended | None:
        row = open_one_with_key(chain.connection, key)
        if row is None or (entry is not None and chain.has(entry)):
            return None  # an old message, repeated: the alert has fired again since
        change = Change(chain, incident_of(row))
        ended = end(chain, change.incident, key)
        _, going_on = how_many(chain, change.incident)
        if going_on:
            if ended:
                number = f"{going_on} of its alerts go on"
                _note(change, alert, number, entry)
            return Ended(change.incident, is_over=False)
        if why := why_open(change, row, routes):
            stay_quiet(chain.connection, change.incident)
            if propose(change, alert.source, why, entry):
                return Ended(change.incident, is_over=False, proposed=why)
            return Ended(change.incident, is_over=False)
        if note_end(chain, change.incident, grouping.flap_window):
            if ended:
                _note(change, alert, "it flaps, and stays open until it has been quiet", entry)
            return Ended(change.incident, is_over=False)
        change.record(
            f"status: {change.incident.status} → {Status.RESOLVED} (the alert is over)",
            actor=alert.source,
            automated=True,
            entry_id=entry,
            status=Status.RESOLVED,
            resolved_at=chain.now,
        )
        change.emit(RESOLVED)
        return Ended(change.incident, is_over=True)

    return log.change(work)


def why_open(change: Change, row: Row[Any], routes: Routes) -> str:
    """Why a sender's all-clear does not end the incident by itself; empty: it does."""
    incident = change.incident
    return why_not_by_sender(
        incident,
        route_for(incident.severity, incident.type, routes),
        is_taken=row.acknowledged_at is not None,
        has_failed=has_failed(change.chain.connection, incident),
    )


def _note(change: Change, alert: Alert, but: str, entry: UUID | None) -> None:
    change.note(
        f"alert over: {first_line(alert.description) or change.incident.type}; {but}",
        actor=alert.source,
        automated=True,
        entry_id=entry,
    )
