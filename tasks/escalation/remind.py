"""Reminds people, without waking anybody, of an incident that nobody took by a business day."""

from __future__ import annotations

from uuid import NAMESPACE_URL, uuid5

from schemas.errors import PageNotDelivered
from schemas.escalation import Step, contact_name
from schemas.incident import Incident
from schemas.settings import Settings
from tasks.channels.slack import client as slack
from tasks.channels.slack.message import ensure_message, reply_in_thread
from tasks.notify.page_on_call import ensure_page
from tasks.store import open_store
from tasks.store.claim_keys import TICKET, escalation_key, of_occurrence


def remind(incident: Incident, step: Step, takes: int, settings: Settings, *, holder: str) -> None:
    """Remind the level's contact, else the incident's channel in Slack; put on record which.

    takes: how often somebody had taken it, who gave it back.
    Safe to repeat. Raises AeefError when it could not be done; it is tried again.
    """
    to = step.level.to if step.level else "whoever is on call"
    text = f"still open on {step.due:%a %Y-%m-%d}, and nobody has taken it ({to})"
    text += _ticket(incident, settings)
    contact = settings.contact(to)
    if contact and contact.has_address:
        key = escalation_key(incident, step.number, contact_name(to), takes)
        if ensure_page(incident.incident_id, settings, holder=holder, key=key, reason=text) is None:
            raise PageNotDelivered(f"the reminder of {incident.title} is being sent by another")
        return
    if slack.configured(settings):
        ensure_message(incident, settings, holder=holder)
        reply_in_thread(str(incident.incident_id), text, settings, holder=holder)
        _record(incident, step, takes, f"reminded in Slack: {text}", settings)
        return
    name = contact_name(to)
    _record(
        incident,
        step,
        takes,
        f"NOBODY WAS REMINDED: {text}; neither Slack nor a contact '{name}' is configured",
        settings,
    )


def _ticket(incident: Incident, settings: Settings) -> str:
    result = open_store(settings).claim_result(
        incident.incident_id, of_occurrence(incident, TICKET)
    )
    return f"; ticket {result['key']}" if result else ""


def _record(incident: Incident, step: Step, takes: int, text: str, settings: Settings) -> None:
    key = escalation_key(incident, step.number, takes=takes)
    identity = f"aeef:{incident.incident_id}/{key}/reminded"
    open_store(settings).record_action(
        incident.incident_id, text, entry_id=uuid5(NAMESPACE_URL, identity)
    )
