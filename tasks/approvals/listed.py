"""What waits for people, as data: for the API, the page and the command line."""

from __future__ import annotations

from typing import Any

from schemas.approvals import Approval, State, missing
from schemas.incident import Incident
from schemas.settings import Settings
from tasks.approvals.rules import may_approve
from tasks.store import open_store


def waits(approval: Approval) -> bool:
    """True while somebody has to decide on it, or to review it."""
    return approval.state is State.WAITING or approval.review_due


def waiting_of(incident: Incident, settings: Settings) -> list[dict[str, Any]]:
    """What waits of one incident, the oldest first."""
    found = open_store(settings).approvals.of(incident.incident_id)
    return [approval_data(each, settings) for each in found if waits(each)]


def approval_data(approval: Approval, settings: Settings) -> dict[str, Any]:
    """One approval: what is asked, exactly as it is signed, and what it still needs."""
    question = approval.question
    run_id = question.carried.run_id
    return {
        "approval": str(approval.id),
        "incidentId": str(approval.incident_id),
        "title": approval.title,
        "what": question.what,
        "subject": question.subject,
        "shown": question.shown,
        "digest": question.digest,
        "missing": missing(approval),
        "mayApprove": may_approve(approval, settings),
        "signedBy": [each.on_record for each in approval.signatures],
        "reviewDue": approval.review_due,
        "expiresAt": approval.expires_at.isoformat(),
        "runId": str(run_id) if run_id else None,
    }
