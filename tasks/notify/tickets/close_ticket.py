"""Closes an incident's Jira ticket, or says that it stays open and why."""

from __future__ import annotations

from schemas.errors import OutsideServiceError
from schemas.incident import Incident
from schemas.settings import Settings
from tasks.base.network.deadline import deadline
from tasks.channels.jira.client import Ticket
from tasks.channels.jira.closing import close
from tasks.store import open_store
from tasks.store.claim_keys import TICKET, TICKET_CLOSED, of_occurrence
from tasks.store.sanitize import sanitized

SECONDS = 5.0


def close_ticket(incident: Incident, settings: Settings, *, holder: str) -> str:
    """Close it once; one sentence for whoever resolved the incident, empty when it has none.

    Never raises: a ticket that stays open does not keep the incident open.
    """
    store = open_store(settings)
    made = store.claim_result(incident.incident_id, of_occurrence(incident, TICKET))
    if made is None:
        return ""
    ticket = Ticket(**made)
    with store.once(incident.incident_id, of_occurrence(incident, TICKET_CLOSED), holder) as turn:
        if not turn.is_mine:
            return ""
        try:
            with deadline(SECONDS):
                problem = close(ticket.key, settings)
        except OutsideServiceError as error:
            problem = sanitized(str(error), settings)
        said = (
            f"ticket {ticket.key} stays open: {problem}"
            if problem
            else f"closed ticket {ticket.key}"
        )
        store.record_action(incident.incident_id, said)
        turn.finish({"key": ticket.key, "open": problem})
        return said
