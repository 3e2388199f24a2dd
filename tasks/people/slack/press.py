"""Buttons and forms in Slack: a button acts at once, or asks first for what its act needs."""

from __future__ import annotations

from typing import Any

from schemas.approvals import Approval
from schemas.errors import AeefError, InvalidInput, NotPossibleNow
from schemas.lifecycle import shown_for
from schemas.links import links_for
from schemas.settings import Settings
from tasks.approvals.decide import waiting_for
from tasks.channels.slack.interactive import forms
from tasks.channels.slack.interactive.buttons import ACT, BLOCK, OPEN
from tasks.channels.slack.interactive.replies import open_form
from tasks.channels.slack.interactive.requests import Action, Submission
from tasks.people.act import PersonAct
from tasks.people.acts import PERSON_ACTS, SHOWN_FOR
from tasks.people.approving import APPROVE, REJECT
from tasks.people.slack.acting import allowed, do_once, in_words
from tasks.people.slack.words import fields_of
from tasks.store import open_store


def answer_press(action: Action, settings: Settings, *, request: str) -> str:
    """Do what the button says; the answer for whoever pressed it, empty when there is none.

    Never raises AeefError: what is wrong is the answer.
    """
    pressed = action.actions[0]
    if pressed.block_id != BLOCK or pressed.action_id == OPEN:
        return ""
    try:
        act = _act(pressed.action_id.removeprefix(ACT))
        allowed(action.user, act.name, settings)
        # A button of an earlier version carries the incident only.
        incident_id, _, shown = pressed.value.partition(" ")
        approval = _waiting(act, incident_id, settings)
        if approval or any(field.required for field in fields_of(act.asks)):
            _ask(act, incident_id, action.trigger_id, approval, settings)
            return ""
        given = {SHOWN_FOR: shown}
        return do_once(act.name, incident_id, given, action.user, settings, request=request)
    except AeefError as error:
        return in_words(error, settings)


def answer_form(sent: Submission, settings: Settings, *, request: str) -> dict[str, Any]:
    """Do what the form says; what Slack shows in its place. Never raises AeefError."""
    subject = forms.subject_of(sent.view.private_metadata)
    title = "Not done"
    if sent.view.callback_id != BLOCK or subject is None:
        return forms.outcome(title, "This form was not made here.")
    try:
        act = _act(subject.act)
        title = act.title
        read = {field.name: field.read for field in fields_of(act.asks)}
        typed = {name: read[name](text) for name, text in sent.view.given.items() if name in read}
        given = {**typed, **subject.given}
        said = do_once(act.name, subject.incident_id, given, sent.user, settings, request=request)
    except InvalidInput as error:
        said = in_words(error, settings)
        field = said.partition(":")[0]
        if field in sent.view.given:
            return forms.mistake(field, said)
    except AeefError as error:
        said = in_words(error, settings)
    return forms.outcome(title, said)


def _act(name: str) -> PersonAct:
    act = PERSON_ACTS.get(name)
    if act is None:
        raise InvalidInput("this button is of another version: use the page of the incident")
    return act


def _ask(
    act: PersonAct, incident_id: str, trigger_id: str, approval: Approval | None, settings: Settings
) -> None:
    incident = open_store(settings).incident(incident_id)
    given = {**(_bound_to(approval) if approval else {}), SHOWN_FOR: shown_for(incident).text}
    questions = [
        forms.Question(field.name, field.about or field.label, field.choices, field.required)
        for field in fields_of(act.asks)
        if not field.is_flag and field.name not in given
    ]
    says = [f"{incident.title}: {act.does}"]
    if approval:
        says += [approval.title, approval.question.shown]
        if not forms.fits(approval.question.shown):
            link = links_for(incident, settings).incident
            raise NotPossibleNow(f"it is longer than Slack can show: decide on its page: {link}")
    about = forms.Subject(act.name, str(incident.incident_id), given)
    open_form(trigger_id, forms.form(act.title, says, about, questions), settings)


def _waiting(act: PersonAct, incident_id: str, settings: Settings) -> Approval | None:
    """What is to be approved or rejected; None when the act is another. Raises NotPossibleNow."""
    if act.name not in (APPROVE.name, REJECT.name):
        return None
    return waiting_for(open_store(settings).incident(incident_id), settings)


def _bound_to(approval: Approval) -> dict[str, str]:
    """The fields that bind a decision to exactly what the form shows."""
    return {"approval": str(approval.id), "shown": approval.question.digest}
