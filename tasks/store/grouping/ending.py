"""A sender says that an alert is over: its incident ends when all of its alerts are."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from schemas.incident import RESOLVED, Alert, Grouping, Incident, Status
from tasks.base.storable import first_line
from tasks.store.audit.audit import AuditLog, Chain
from tasks.store.grouping.alerts import end, how_many, open_one_with_key
from tasks.store.grouping.flaps import note_end
from tasks.store.records import Change, incident_of


class Ended(NamedTuple):
    """The incident of an alert that is over. is_over: so is the incident, by this."""

    incident: Incident
    is_over: bool


def end_alert(
    log: AuditLog, alert: Alert, key: str, grouping: Grouping, entry: UUID | None
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


def _note(change: Change, alert: Alert, but: str, entry: UUID | None) -> None:
    change.note(
        f"alert over: {first_line(alert.description) or change.incident.type}; {but}",
        actor=alert.source,
        automated=True,
        entry_id=entry,
    )
