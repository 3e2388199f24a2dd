"""Makes sure that each occurrence has one Jira ticket, however many callers ask concurrently."""

from __future__ import annotations

from schemas.settings import Settings
from tasks.base.http import Unclear
from tasks.channels.jira import client
from tasks.store import open_store
from tasks.store.claim_keys import TICKET, of_occurrence


def ensure_ticket(incident_id: str, settings: Settings, *, holder: str) -> client.Ticket:
    """The incident's ticket, found or created.

    Jira's search does not find a new ticket at once: so one caller creates it, and later callers
    get its key.
    holder: concurrent callers need different names.
    Raises TemporaryError or PermanentError.
    """
    store = open_store(settings)
    key = of_occurrence(store.incident(incident_id), TICKET)
    with store.once(incident_id, key, holder, wait=True, may_be_done=_is_unclear) as turn:
        if turn.is_mine:
            ticket = client.ensure_ticket(store.incident(incident_id), settings)
            turn.finish(ticket._asdict())
            return ticket
    return client.Ticket(**{**turn.result, "created": False})


def _is_unclear(error: BaseException) -> bool:
    return isinstance(error, Unclear)
