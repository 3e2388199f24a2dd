"""Looks at the tickets of open incidents: one that somebody closed proposes to resolve."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from schemas.incident import Incident
from schemas.lifecycle import MOST, Filter
from schemas.settings import Settings
from tasks.base.network.deadline import deadline, seconds_left
from tasks.channels.jira.client import SERVICE, Ticket, configured
from tasks.channels.jira.closing import is_closed
from tasks.notify.show_proposal import show_proposal
from tasks.store import open_store
from tasks.store.claim_keys import TICKET, TICKET_WATCHED, of_occurrence

ROUND_SECONDS = 10.0


def watch_tickets(settings: Settings, every: timedelta) -> None:
    """Look at each ticket once in so long, whichever intake does; for a few seconds at most.

    Raises OutsideServiceError when Jira does not answer: the rest is looked at later.
    """
    if not configured(settings):
        return
    wanted = Filter.model_validate({"status": "going-on", "limit": MOST})
    with deadline(ROUND_SECONDS):
        for incident in open_store(settings).lifecycle.find(wanted):
            if seconds_left() == 0:
                return
            _look(incident, settings, every)


def _look(incident: Incident, settings: Settings, every: timedelta) -> None:
    store = open_store(settings)
    made = store.claim_result(incident.incident_id, of_occurrence(incident, TICKET))
    if made is None or store.lifecycle.standing(incident.incident_id).proposed_at is not None:
        return
    # This claim is never finished: its lease is the interval, for all intakes together.
    key = of_occurrence(incident, TICKET_WATCHED)
    if store.claim(incident.incident_id, key, str(uuid4()), every).state != "held":
        return
    ticket = Ticket(**made)
    if is_closed(ticket.key, settings, tries=1):
        store.lifecycle.propose(
            incident.incident_id,
            by=SERVICE.name,
            why=f"the ticket {ticket.key} was closed there, and nobody says what it was",
        )
        show_proposal(incident, settings)
