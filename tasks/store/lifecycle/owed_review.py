"""For which severity the review of an incident is owed that people make less of."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from schemas.incident import Incident, Severity
from schemas.lifecycle import NEEDS_REVIEW, review_severity
from tasks.store.lifecycle.standings import change_standing, standing_of
from tasks.store.records import Change

CORRECTED_WITHIN = timedelta(minutes=15)
"""Who makes less of what has just begun corrects what a sender said; later it was that bad.

So it was where something has contained it: rollbacks are done within seconds."""


def lower_review(change: Change, row: Row[Any], severity: Severity, *, mistaken: bool) -> str:
    """Keep what its review is owed for when it becomes less; in words for the entry, or empty.

    mistaken: it never was that bad, people say.
    """
    connection, incident = change.chain.connection, change.incident
    worst = review_severity(incident, standing_of(connection, row))
    if not worst.is_worse_than(severity) or worst not in NEEDS_REVIEW:
        return ""
    if mistaken:
        change_standing(connection, incident, reviewed_as=None)
        return f"; it never was a {worst}, so no review is owed for that"
    if worst is incident.severity and _has_just_begun(incident, row, change.chain.now):
        return ""
    change_standing(connection, incident, reviewed_as=worst.value)
    return f"; its review is that of a {worst}"


def give_review(merged: Incident, row: Row[Any], other: Change, into: Row[Any]) -> None:
    """The other one is reviewed for what this one was at its worst, whatever becomes of it."""
    connection = other.chain.connection
    worst = review_severity(merged, standing_of(connection, row))
    if worst in NEEDS_REVIEW:
        kept = standing_of(connection, into).reviewed_as or worst
        change_standing(connection, other.incident, reviewed_as=min(kept, worst).value)


def _has_just_begun(incident: Incident, row: Row[Any], now: datetime) -> bool:
    opened = datetime.fromisoformat(row.opened_at)
    is_first = incident.occurrence == 1 and not incident.status.is_contained
    return is_first and now - opened <= CORRECTED_WITHIN
