"""The end of a question that a run has asked, on its incident's record."""

from __future__ import annotations

from uuid import UUID

from schemas.approvals import Approval, State
from schemas.errors import NotPossibleNow
from schemas.people import local_user
from tasks.approvals.decide import decide, signature_of
from tasks.approvals.rules import may_approve
from tasks.case import Case
from tasks.channels.slack.message import reply_in_thread
from tasks.notify.stand_down import resolve_one_page
from tasks.step import step
from tasks.store.claim_keys import approval_key


def _decided(approval: Approval) -> str:
    rejected = approval.rejected_by
    if approval.state is State.GRANTED or rejected is None:
        said = [each.reason for each in approval.signatures if each.approves and each.reason]
        because = f": {'; '.join(said)}" if said else ""
        return f"the {approval.title} was approved by {approval.approved_by}{because}"
    because = f": {rejected.reason}" if rejected.reason else ""
    return f"the {approval.title} was rejected by {rejected.on_record}{because}"


@step("note the decision", says=_decided, timeout=300)
def note_decision(case: Case, approval_id: str) -> Approval:
    """Record that the run goes on with it, and resolve the page that asked for it."""
    approval = case.store.approvals.done(UUID(approval_id))
    resolve_one_page(case.incident, approval_key(approval.id), case.settings)
    reply_in_thread(case.incident_id, _decided(approval), case.settings, holder=case.holder)
    return approval


def _refused(why: str) -> str | None:
    return why or None


@step("take the decision", says=_refused, timeout=60)
def take_decision(
    case: Case, approval_id: str, approver: str, approves: bool, comment: str, number: int
) -> str:
    """A decision that was entered in Prefect's form. Returns why it does not count, if so.

    number: of the time that the form was shown: each is an attempt of its own.
    """
    approval = case.store.approvals.get(approval_id)
    signature = signature_of(
        local_user(" ".join(approver.split())),
        approval.question.digest,
        approves=approves,
        reason=comment,
    )
    try:
        decide(approval, signature, case.settings)
    except NotPossibleNow as error:
        return f"{error}. It waits for {may_approve(approval, case.settings)}"
    return ""
