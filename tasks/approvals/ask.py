"""Asks people for an approval, once for each question, where they can be reached."""

from __future__ import annotations

from uuid import UUID

from schemas.approvals import Approval, Question, missing
from schemas.incident import Incident, route_for
from schemas.links import links_for
from schemas.model import Model
from schemas.settings import Settings
from tasks.approvals.rules import expires_after, knows_people, question_rule
from tasks.case import Case
from tasks.channels.slack.message import reply_in_thread
from tasks.notify.page_on_call import ensure_page
from tasks.notify.show_progress import show
from tasks.step import step
from tasks.store import open_store
from tasks.store.claim_keys import approval_key


class Asked(Model):
    """What came of asking. said: for the record; none: it was asked before, and still waits."""

    approval_id: UUID
    said: str | None = None


def ask(
    incident_id: str | UUID, question: Question, settings: Settings, *, actor: str
) -> tuple[Approval, bool]:
    """The approval of this question, and whether it is asked only now. Notifies nobody."""
    return open_store(settings).approvals.ask(
        incident_id,
        question,
        question_rule(question, settings),
        actor=actor,
        needs_proof=knows_people(settings),
        expires=expires_after(question, settings),
    )


def how_to_decide(approval: Approval, incident: Incident, settings: Settings) -> str:
    """What it waits for, until when, where it is read, and what to type."""
    return (
        f"the {approval.title} waits for approval until {approval.expires_at:%Y-%m-%d %H:%M} UTC"
        f" ({missing(approval)}): read it at {links_for(incident, settings).incident}, or by"
        f" `aeef approve`, then decide there or by `aeef approve {incident.short_id}`"
        f" or `aeef approve {incident.short_id} --reject`"
    )


def _said(asked: Asked) -> str | None:
    return asked.said


@step("ask for approval", says=_said, timeout=300)
def ask_for_approval(case: Case, question: Question, number: int, more: str = "") -> Asked:
    """Ask in the incident's thread, and by a page where the route pages; once for each question.

    number: how often this run has asked: the same question again notifies nobody.
    more: what people read besides.
    """
    settings = case.settings
    approval, is_new = ask(case.incident_id, question, settings, actor=case.actor)
    if number and not is_new:
        return Asked(approval_id=approval.id)
    waits = how_to_decide(approval, case.incident, settings)
    text = "; ".join(filter(None, (waits, more)))
    notify(approval, text, case.holder, settings)
    return Asked(approval_id=approval.id, said=text)


def notify(approval: Approval, text: str, holder: str, settings: Settings) -> None:
    """Notify those who may approve. Safe to repeat."""
    incident = open_store(settings).incident(approval.incident_id)
    if route_for(incident.severity, incident.type, settings.routes).page:
        key = approval_key(approval.id)
        ensure_page(incident.incident_id, settings, holder=holder, key=key, reason=text, wait=True)
    reply_in_thread(str(incident.incident_id), text, settings, holder=holder)
    show(str(incident.incident_id), settings)
