"""The review of an incident as data for people and programs."""

from __future__ import annotations

from typing import Any

from schemas.settings import Settings
from tasks.people.in_full import beside
from tasks.review.shown import shown_review
from tasks.store import open_store


def review_data(incident_id: str, settings: Settings) -> dict[str, Any]:
    """The review, how far it is, and what is missing. Raises NotPossibleNow when there is none."""
    seen = shown_review(incident_id, open_store(settings))
    return {
        "incident": seen.incident.to_json(),
        **beside(seen.incident, settings),
        "review": seen.review.to_json(),
        "state": seen.short.state,
        "isOverdue": seen.short.is_overdue,
        "missing": seen.missing,
        "actions": [each.to_json() for each in seen.actions],
    }
