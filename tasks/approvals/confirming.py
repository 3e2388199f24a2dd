"""Confirming a guess, where `[approvals.confirm]` asks for more than one person's word."""

from __future__ import annotations

from schemas.approvals import Approval, Carried, Question, What
from schemas.errors import AwaitsApproval, InvalidInput
from schemas.incident import NEEDS_WORD, Incident, IncidentType
from schemas.people import Actor
from schemas.settings import Settings
from tasks.approvals.ask import ask, how_to_decide
from tasks.store import open_store


def require_for_confirm(
    incident: Incident, said: IncidentType | None, actor: Actor, settings: Settings
) -> None:
    """Let pass what needs nobody else; ask for what does. said: None: as it was guessed.

    Raises AwaitsApproval: it is confirmed by itself once enough have signed.
    """
    wanted = said or IncidentType(incident.type)
    if What.CONFIRM not in settings.approvals or wanted not in NEEDS_WORD:
        return
    question = Question(
        what=What.CONFIRM,
        subject=incident.title,
        shown=(
            f"{incident.title} is of the type {wanted}: its runbook goes on with what cannot be"
            " undone without a person"
        ),
        asked_by=actor.name,
        carried=Carried(parameters={"type": wanted.value}),
    )
    approval, _ = ask(incident.incident_id, question, settings, actor=actor.on_record)
    if approval.is_granted:
        open_store(settings).approvals.done(approval.id)
        return
    raise AwaitsApproval(
        f"{incident.title} is not confirmed: {how_to_decide(approval, incident, settings)}"
    )


def confirm_if_granted(approval: Approval, settings: Settings) -> None:
    """The last signature confirms: nobody has to ask again."""
    if not approval.is_granted or approval.question.what != What.CONFIRM or approval.done_at:
        return
    store = open_store(settings)
    wanted = IncidentType(approval.question.carried.parameters["type"])
    try:
        store.answer(approval.incident_id, wanted, actor=approval.approved_by)
    except InvalidInput:
        return  # somebody's word stands: whoever wants to change the type presses again, and may
    store.approvals.done(approval.id)
