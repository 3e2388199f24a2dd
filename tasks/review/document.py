"""A review as a document to take away: everything in it as text, for HTML and PDF alike."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from schemas.incident import Incident
from tasks.base.trim import clean
from tasks.corrective.wording import stands
from tasks.review.parts import INCIDENTS, Line
from tasks.review.shown import ShownReview

RESTRICTED = "Restricted: only for those who work on it."
NOTHING = "Nobody has written anything."


class Taken(NamedTuple):
    """When it was taken from the record, and by whom.

    url: of the incident's page. seq, digest: the newest entry of the audit log then, and its hash.
    """

    by: str
    at: datetime
    url: str
    seq: int
    digest: str


def document_of(seen: ShownReview, taken: Taken) -> dict[str, Any]:
    """The document as JSON data: all values are texts, lists of them, or such an object."""
    incident, review = seen.incident, seen.review
    found: dict[str, Any] = {
        "title": f"Review of {incident.title}",
        "restricted": RESTRICTED if incident.is_restricted else "",
        "about": _about(incident),
        "state": f"{seen.short.state}. Due {moment(review.due_at)}.",
        "missing": seen.missing,
        "questions": [
            {
                "title": each.question.title,
                "asks": each.question.asks,
                "text": each.text or NOTHING,
                "by": f"{each.answer.actor}, {moment(each.answer.at)}" if each.answer else "",
            }
            for each in seen.questions
        ],
        "actions": [
            {
                "name": f"{each.reference} ({each.category})",
                "text": each.text,
                "stands": f"{stands(each, seen.now)}; {each.owner} does it,"
                f" {each.verifier} verifies it",
            }
            for each in seen.actions
        ],
        "facts": [
            {"title": part.title, "lines": [_line(line, taken.url) for line in part.lines]}
            for part in seen.facts
        ],
        "read": moment(review.facts.drafted_at) if review.facts else "",
        "taken": f"Taken from the record by {taken.by}, {moment(taken.at)}. The audit log stood at"
        f" entry {taken.seq}, {taken.digest}.",
        "url": taken.url,
    }
    return {name: _clean(each) for name, each in found.items()}


def moment(when: datetime) -> str:
    """`2026-11-27 10:37:39 UTC`."""
    return f"{when:%Y-%m-%d %H:%M:%S} UTC"


def _about(incident: Incident) -> list[dict[str, str]]:
    rows = {
        "Incident": f"{incident.reference} ({incident.incident_id})",
        "Type and severity": f"{incident.kind}, {incident.severity}",
        "Status": f"{incident.status}{incident.which_occurrence}",
        "Services": ", ".join(incident.affected_services) or "none named",
        "Reported": incident.description,
        "Detected": moment(incident.detected_at),
        "Resolved": moment(incident.resolved_at) if incident.resolved_at else "",
        "Root cause on record": incident.root_cause or "",
    }
    return [{"name": name, "value": value} for name, value in rows.items() if value]


def _line(line: Line, url: str) -> dict[str, str]:
    here = url.partition(INCIDENTS)[0]
    address = f"{here}{line.address}" if line.address.startswith(INCIDENTS) else line.address
    return {
        "at": moment(line.at) if line.at else "",
        "text": line.text,
        "by": f"({line.by})" if line.by else "",
        "entry": f"#{line.entry}" if line.entry else "",
        "url": f"{url}/timeline#e{line.entry}" if line.entry else address,
    }


def _clean(value: Any) -> Any:
    """Without what cannot be seen, or turns the direction of a line."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_clean(each) for each in value]
    return {name: _clean(each) for name, each in value.items()}
