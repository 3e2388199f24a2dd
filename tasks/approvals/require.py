"""Nothing that needs an approval begins without it: the one gate that every such step asks.

Where nobody is configured who may approve, a name is taken, and stands on record as not proven.
"""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from schemas.approval import named_person
from schemas.approvals import Approval, Question, What, digest_of
from schemas.errors import AwaitsApproval, InvalidInput
from schemas.people import local_user
from schemas.settings import Settings
from tasks.approvals.ask import ask, how_to_decide
from tasks.approvals.rules import knows_people, question_rule
from tasks.store import open_store

NO_PROOF = (
    "a name proves nothing here, for it is configured who may approve: leave it out, and let them"
    " approve on the page, in Slack, or by `aeef approve` with a token of their own"
)


class Approved(NamedTuple):
    """That it may begin. by: who says so, for the record. approval_id: none for a mere name."""

    by: str
    approval_id: UUID | None = None


def require_approval(
    incident_id: str | UUID,
    question: Question,
    approver: str,
    settings: Settings,
    *,
    otherwise: str,
    actor: str,
    under: str = "",
) -> Approved:
    """That what is asked here was approved, exactly as it is shown now.

    approver: a name, where nobody is configured who may approve. otherwise: the state without an
    approval. under: an approval of the same incident that includes this one.
    Raises InvalidInput, and AwaitsApproval when people have yet to sign: it is asked for then.
    """
    store = open_store(settings)
    if under:
        return _under(store.approvals.get(under), incident_id, question, settings, otherwise)
    if not knows_people(settings):
        name = named_person(approver, otherwise, question.only)
        return Approved(local_user(name).on_record)
    if approver.strip():
        raise InvalidInput(f"{otherwise}: {NO_PROOF}")
    approval, _ = ask(incident_id, question, settings, actor=actor)
    if approval.is_granted:
        return Approved(approval.approved_by, approval.id)
    incident = store.incident(incident_id)
    raise AwaitsApproval(f"{otherwise}: {how_to_decide(approval, incident, settings)}")


def check_approval_of(question: Question, approver: str, settings: Settings, otherwise: str) -> str:
    """For a plan, which asks nobody: `approved by …`, or whose approval it would need."""
    if not knows_people(settings):
        name = named_person(approver, otherwise, question.only)
        return f"approved by {local_user(name).on_record}"
    if approver.strip():
        raise InvalidInput(f"{otherwise}: {NO_PROOF}")
    return f"with the approval of {question_rule(question, settings)}"


def _under(
    approval: Approval,
    incident_id: str | UUID,
    question: Question,
    settings: Settings,
    otherwise: str,
) -> Approved:
    """A run goes on with what it has asked for; a hotfix ends the isolation of its target, too."""
    store = open_store(settings)
    mine = str(store.incident(incident_id).incident_id)
    is_it = approval.question.digest == digest_of(store.masked_text(question.shown))
    covers = approval.question.subject == question.subject and (
        is_it
        or (
            approval.question.what == What.HOTFIX
            and question.rule is None
            and settings.approvals.get(question.what) in (None, approval.rule)
        )
    )
    if not approval.is_granted or str(approval.incident_id) != mine or not covers:
        raise AwaitsApproval(
            f"{otherwise}: the {approval.title} was approved, and this is something else"
        )
    return Approved(approval.approved_by, approval.id)


def carried_out(approved: Approved, settings: Settings) -> None:
    """What was approved has been done: it is not done once more for the same signatures."""
    if approved.approval_id:
        open_store(settings).approvals.done(approved.approval_id)
