"""One step of an incident's escalation: calls the next level, asks, or reminds; once.

A level is called at its contact's own addresses. Where it has none, or while they take nothing,
the on-call is paged and told who is to take it.
"""

from __future__ import annotations

import logging
from typing import NamedTuple
from uuid import NAMESPACE_URL, uuid5

from schemas.errors import AeefError, PageNotDelivered, TemporaryError
from schemas.escalation import EscalationState, Step, StepKind, contact_name, length
from schemas.figures import ESCALATIONS
from schemas.incident import ESCALATED, Incident, Route, route_for
from schemas.people import name_on_record
from schemas.settings import Settings
from tasks.channels.slack.message import reply_in_thread
from tasks.escalation.remind import remind
from tasks.notify.page_on_call import ensure_page
from tasks.notify.stand_down import acknowledge_page
from tasks.store import open_store
from tasks.store.claim_keys import escalation_key, still_on_it_key
from tasks.store.tallies import Count

log = logging.getLogger("aeef.escalation")


class _Call(NamedTuple):
    """Whom a step calls and why. to: as the level names it. contact: whose addresses are used."""

    to: str
    contact: str
    reason: str


def escalate(
    incident: Incident, state: EscalationState, step: Step, settings: Settings, *, holder: str
) -> None:
    """Do the step. Safe to repeat: each page has its own key.

    Raises PageNotDelivered when the contact was not reached (the on-call is paged meanwhile), and
    TemporaryError while another process sends it.
    """
    if step.kind is StepKind.REMINDER:
        remind(incident, step, state.takes, settings, holder=holder)
        return
    call = _call_of(incident, state, step, settings)
    try:
        _page(incident, state, step, call, settings, holder)
    except PageNotDelivered as error:
        if not call.contact:
            raise
        instead = f"{call.reason}; {call.to} could not be reached yet: {_why(error)}"
        _page(incident, state, step, call._replace(contact="", reason=instead), settings, holder)
        raise
    _put_on_record(incident, state, step, call, settings, holder)
    _acknowledge_what_came_too_late(incident, state, settings)


def _call_of(incident: Incident, state: EscalationState, step: Step, settings: Settings) -> _Call:
    route = route_for(incident.severity, incident.type, settings.routes)
    if step.level is None:
        person = name_on_record(state.taken_by)
        asked = next((n for n, c in settings.contacts.items() if c.person == person), "")
        return _Call(state.taken_by, asked, _still_on_it(state, route))
    name = contact_name(step.level.to)
    contact = settings.contacts.get(name)
    reached = contact is not None and contact.has_address
    unheard = f"not acknowledged within {length(step.due - state.began_at)}"
    why = unheard if step.kind is StepKind.LEVEL else _late(state, route)
    more = "" if reached else f"; no contact '{name}' with an address is configured"
    return _Call(
        step.level.to, name if reached else "", f"{why}: {step.level.to} is to take it{more}"
    )


def _late(state: EscalationState, route: Route) -> str:
    within = length(route.mitigate_within) if route.mitigate_within else "time"
    return f"not mitigated within {within}, and {state.taken_by}, who took it, says nothing"


def _still_on_it(state: EscalationState, route: Route) -> str:
    within = length(route.mitigate_within) if route.mitigate_within else "time"
    return (
        f"still on it? {state.taken_by} took it at {state.taken_at:%Y-%m-%d %H:%M} UTC, and it is"
        f" not mitigated within {within}; `aeef ack` says that you are, else the next are called"
    )


def _key(incident: Incident, state: EscalationState, step: Step, contact: str) -> str:
    if step.kind is StepKind.LEVEL:
        return escalation_key(incident, step.number, contact, state.takes)
    return still_on_it_key(incident, state.takes, step.number, contact)


def _page(
    incident: Incident,
    state: EscalationState,
    step: Step,
    call: _Call,
    settings: Settings,
    holder: str,
) -> None:
    key = _key(incident, state, step, call.contact)
    page = ensure_page(incident.incident_id, settings, holder=holder, key=key, reason=call.reason)
    if page is None and not open_store(settings).incident(incident.incident_id).status.is_over:
        raise TemporaryError("the escalation", "is being sent by another process", retry_after=1)


def _why(error: PageNotDelivered) -> str:
    return str(error).partition(": ")[2].partition(". It is tried again")[0] or str(error)


def _put_on_record(
    incident: Incident,
    state: EscalationState,
    step: Step,
    call: _Call,
    settings: Settings,
    holder: str,
) -> None:
    """Emit the event, and say it in the incident's thread; the page itself recorded who rang."""
    store = open_store(settings)
    key = _key(incident, state, step, call.contact)
    page = store.claim_result(incident.incident_id, key) or {}
    payload = {"to": call.to, "step": step.number, "kind": step.kind.value}
    store.emit(
        incident.incident_id,
        ESCALATED,
        {**payload, "channel": page.get("channel")},
        event_id=uuid5(NAMESPACE_URL, f"aeef:{incident.incident_id}/{key}/escalated"),
        counts=[Count(ESCALATIONS, {"severity": incident.severity, "kind": step.kind.value})],
    )
    try:
        reply_in_thread(str(incident.incident_id), call.reason, settings, holder=holder)
    except AeefError as error:
        log.warning("%s: the thread does not say it: %s", incident.title, error)


def _acknowledge_what_came_too_late(
    incident: Incident, state: EscalationState, settings: Settings
) -> None:
    """Somebody took it while the page was leaving: it must not ring on."""
    now = open_store(settings).escalations.state(incident.incident_id)
    if now is None or now.takes == state.takes or now.taken_at is None:
        return
    try:
        acknowledge_page(incident.incident_id, settings)
    except AeefError as error:
        log.warning("%s: its page may ring on: %s", incident.title, error)
