"""When a review is due."""

from __future__ import annotations

from datetime import datetime

from schemas.incident import Incident
from schemas.lifecycle import Standing, review_severity
from schemas.settings import Settings


def due_at(incident: Incident, standing: Standing, settings: Settings, now: datetime) -> datetime:
    """So many business days after the incident ended; after now, where it has not."""
    days = settings.review.due_days(review_severity(incident, standing))
    return settings.business_days.after(incident.resolved_at or now, days)
