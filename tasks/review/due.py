"""When a review is due."""

from __future__ import annotations

from datetime import datetime

from schemas.escalation import BusinessDays
from schemas.incident import Incident
from schemas.review.settings import ReviewSettings


def due_at(
    incident: Incident, settings: ReviewSettings, days: BusinessDays, now: datetime
) -> datetime:
    """So many business days after the incident ended; after now, where it has not."""
    return days.after(incident.resolved_at or now, settings.due_days(incident.severity))
