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
from tasks.store.database.readable import Broken, Readable


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
    return listed_data(found, settings)


def listed_data(listed: Readable[CorrectiveAction], settings: Settings) -> list[dict[str, Any]]:
    """Those of a list; last, one that was changed outside: `reference`, `cannotBeRead`."""
    return [
        *(action_data(each, settings) for each in listed.found),
        *(_broken(each) for each in listed.broken),
    ]


def _broken(action: Broken) -> dict[str, Any]:
    number = int(action.name.removeprefix("CA-"))
    return {"number": number, "reference": action.name, "cannotBeRead": action.why}
