"""An approval as a row, and the end of one with its entry on record."""

from __future__ import annotations

import json
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Row, update

from schemas.approvals import Approval, State
from schemas.errors import AuditBroken
from schemas.incident import canonical_json, hash_of_text
from tasks.base.storable import moment_text
from tasks.store.audit.audit import AuditLog, Chain
from tasks.store.database.tables import approvals
from tasks.store.records import Change

OURS = "aeef-runbooks"
DOCUMENT = "approvalDocument"
"""In the details of an entry: the hash of all of the approval, its signatures too."""


def end(change: Change, approval: Approval, state: State, text: str, actor: str = OURS) -> Approval:
    """End it, with its entry."""
    after = approval.model_copy(update={"state": state, "ended_at": change.chain.now})
    keep(change.chain, after)
    put_on_record(change, after, text, actor)
    return after


def put_on_record(change: Change, approval: Approval, text: str, actor: str) -> None:
    """Say it in the incident's record, bound to what was shown."""
    change.record(text, actor=actor, automated=actor == OURS, details=details_of(approval))


def details_of(approval: Approval) -> dict[str, Any]:
    """Which approval an entry is about, the hash of what was shown, and of all of it now."""
    return {
        "approval": str(approval.id),
        "shown": approval.question.digest,
        "state": approval.state.value,
        DOCUMENT: hash_of_text(canonical_json(approval.to_json())),
    }


def keep(chain: Chain, approval: Approval) -> None:
    """Write what has changed."""
    values = columns_of(approval)
    chain.connection.execute(
        update(approvals).where(approvals.c.id == values.pop("id")).values(**values)
    )


def columns_of(approval: Approval) -> dict[str, Any]:
    """The row."""
    goes_on = approval.state in (State.GRANTED, State.REJECTED) and approval.done_at is None
    pending = approval.state is State.WAITING or goes_on or approval.review_due
    return {
        "id": str(approval.id),
        "incident_id": str(approval.incident_id),
        "what": approval.question.what,
        "subject": approval.question.subject,
        "state": approval.state.value,
        "asked_at": moment_text(approval.asked_at),
        "pending": int(pending),
        "document": canonical_json(approval.to_json()),
    }


def approval_of(row: Row[Any]) -> Approval:
    """The approval of a row. Raises AuditBroken when it was changed outside."""
    try:
        return Approval.model_validate(json.loads(row.document))
    except (ValidationError, ValueError) as error:
        raise AuditBroken(f"approval {row.id} cannot be read: it was changed outside") from error


def as_now(approval: Approval, log: AuditLog) -> Approval:
    """As it is now: what waited too long has expired, whether or not anybody noted it."""
    if not approval.is_late(log.clock()):
        return approval
    return approval.model_copy(update={"state": State.EXPIRED})
