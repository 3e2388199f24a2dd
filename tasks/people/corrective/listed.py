"""Corrective actions as data for people and programs."""

from __future__ import annotations

from typing import Any

from schemas.corrective import CorrectiveAction, is_overdue, same_person
from schemas.corrective.filter import MOST, ActionFilter
from schemas.corrective.question import question_of
from schemas.model import utc_now
from schemas.settings import Settings
from tasks.corrective.wording import stands
from tasks.store import open_store


def action_data(action: CorrectiveAction, settings: Settings) -> dict[str, Any]:
    """One, with what follows from it: how it stands, whether it is overdue, its ticket's address."""
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
    store = open_store(settings)
    if wanted.overdue:
        found = store.corrective.overdue(utc_now())
    elif wanted.incident:
        found = store.corrective.of(wanted.incident)
    else:
        found = store.corrective.newest(MOST)
    of = store.incident(wanted.incident).incident_id if wanted.incident else None
    fitting = [
        each
        for each in found
        if of in (None, each.incident_id)
        and (not wanted.owner or same_person(each.owner, wanted.owner))
        and each.stage in (wanted.stage or (each.stage,))
    ]
    return [action_data(each, settings) for each in fitting[: wanted.limit]]
