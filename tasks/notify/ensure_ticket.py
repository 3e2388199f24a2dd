"""Makes sure of the incident's Jira ticket, once, whoever asks for it side by side."""

from __future__ import annotations

import time
from datetime import timedelta

from schemas.settings import Settings
from tasks.base.http import Unclear
from tasks.channels.jira import client as jira
from tasks.store import open_store

CLAIM = "ticket"
LEASE = timedelta(minutes=2)
"""Longer than a search and a create with all their tries, and than the search index needs."""
POLL_SECONDS = 0.2


def ensure_ticket(incident_id: str, settings: Settings, *, holder: str) -> jira.Ticket:
    """The incident's ticket; found or created now if nobody did before.

    Jira's search does not find at once what was just created: a claim in the store says who
    creates, and keeps the key for whoever asks later.
    holder: two that may ask at the same time need different names.
    Raises TemporaryError or PermanentError.
    """
    store = open_store(settings)
    while (claim := store.claim(incident_id, CLAIM, holder, LEASE)).state == "busy":
        time.sleep(POLL_SECONDS)
    if claim.state == "done" and claim.result is not None:
        return jira.Ticket(**{**claim.result, "created": False})
    try:
        ticket = jira.ensure_ticket(store.incident(incident_id), settings)
    except Unclear:
        raise  # it may be there: until the lease ends, only the same step looks again
    except BaseException:
        store.release_claim(incident_id, CLAIM, holder)
        raise
    store.finish_claim(incident_id, CLAIM, holder, ticket._asdict())
    return ticket
