"""An incident as data for people and programs: its record, and what stands beside it."""

from __future__ import annotations

from typing import Any

from schemas.figures.export import times_of
from schemas.incident import Incident
from schemas.lifecycle import lacks_lead
from schemas.links import links_for
from schemas.settings import Settings
from tasks.approvals.listed import waiting_of
from tasks.channels.inbox import kept_for
from tasks.people.act import Done
from tasks.people.corrective.listed import listed_data
from tasks.review.shown import standing_of
from tasks.store import open_store
from tasks.store.automation.said import said_of


def in_full(incident: Incident, settings: Settings) -> dict[str, Any]:
    """Everything: also the timeline, and the alerts."""
    store = open_store(settings)
    timeline = store.timeline(incident.incident_id)
    return {
        "incident": incident.to_json(),
        **beside(incident, settings),
        "guessedFrom": incident.guessed_from or None,
        "automation": said_of(incident, settings) or None,
        "inbox": [each.to_json() for each in kept_for(incident.incident_id, settings)],
        "alerts": [each.to_json() for each in store.alerts(incident.incident_id)],
        "correctiveActions": listed_data(store.corrective.listed(incident.incident_id), settings),
        "times": times_of(store.moments.of(incident.incident_id), incident),
        "review": _review(incident, settings),
        "timeline": [entry.to_json() for entry in timeline],
    }


def _review(incident: Incident, settings: Settings) -> dict[str, Any] | None:
    """How far its review is; None: none was begun."""
    found = standing_of(incident, open_store(settings))
    if found is None:
        return None
    late = "OVERDUE, it was due" if found.is_overdue else "due"
    return {
        "said": f"{found.state}; {late} {found.due_at:%Y-%m-%d %H:%M} UTC",
        "dueAt": found.due_at.isoformat(),
        "isOverdue": found.is_overdue,
    }


def beside(incident: Incident, settings: Settings) -> dict[str, Any]:
    """What the record of the spec has no place for, in short."""
    standing = open_store(settings).lifecycle.standing(incident.incident_id)
    return {
        "number": incident.number,
        "title": incident.title,
        "url": links_for(incident, settings).incident,
        "typeSource": incident.type_source.value,
        "occurrence": incident.occurrence,
        "isDrill": incident.is_drill,
        "relapsedAt": incident.relapsed_at and incident.relapsed_at.isoformat(),
        "standing": standing.to_json(),
        "lacksLead": lacks_lead(incident, standing),
        "approvals": waiting_of(incident, settings),
    }


def done_in_full(done: Done, settings: Settings) -> dict[str, Any]:
    """What came of an act, as data."""
    return {
        "incident": done.incident.to_json(),
        **beside(done.incident, settings),
        "said": done.said,
        "changed": done.changed,
        "problem": done.problem or None,
    }
