"""Corrective actions as data for people and programs."""

from __future__ import annotations

from typing import Any

from schemas.corrective import CorrectiveAction, is_overdue
from schemas.corrective.filter import ActionFilter
from schemas.corrective.question import question_of
from schemas.model import utc_now
from schemas.settings import Settings
from tasks.corrective.wording import stands
from tasks.store import open_store


def action_data(action: CorrectiveAction, settings: Settings) -> dict[str, Any]:
    """One, with what follows from it: how it stands, whether it is overdue, where its ticket is."""
    now = utc_now()
    question = question_of(action.question)
    site = (settings.jira.url or "").rstrip("/")
    return {
        **action.to_json(),
        "reference": action.reference,
        "stands": stands(action, now),
        "overdue": is_overdue(action, now),
        "asks": str(question) if question else None,
        "ticketUrl": f"{site}/browse/{action.ticket}" if site and action.ticket else None,
    }


def actions_data(wanted: ActionFilter, settings: Settings) -> list[dict[str, Any]]:
    """Those that fit: overdue ones the longest overdue first, else the newest first."""
    found = open_store(settings).corrective.find(
        incident_id=wanted.incident,
        owner=wanted.owner,
        stages=wanted.stage,
        overdue_at=utc_now() if wanted.overdue else None,
        limit=wanted.limit,
    )
    return [action_data(each, settings) for each in found]
