"""Makes sure that the incident has its Jira ticket, once, whoever asks for it side by side."""

from __future__ import annotations

from schemas.settings import Settings
from tasks.base.http import Unclear
from tasks.channels.jira import client
from tasks.store import open_store
from tasks.store.claim_keys import TICKET


def ensure_ticket(incident_id: str, settings: Settings, *, holder: str) -> client.Ticket:
    """The incident's ticket; found or created now if nobody did before.

    Jira's search does not find at once what was just created: so one creates, and whoever asks
    later gets its key.
    holder: two that may ask at the same time need different names.
    Raises TemporaryError or PermanentError.
    """
    store = open_store(settings)
    with store.once(incident_id, TICKET, holder, wait=True, may_be_done=_is_unclear) as turn:
        if turn.is_mine:
            ticket = client.ensure_ticket(store.incident(incident_id), settings)
            turn.finish(ticket._asdict())
            return ticket
    return client.Ticket(**{**turn.result, "created": False})


def _is_unclear(error: BaseException) -> bool:
    return isinstance(error, Unclear)
