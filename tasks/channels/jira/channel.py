"""Jira as a channel."""

from __future__ import annotations

import hashlib
from typing import ClassVar

from schemas.errors import PermanentError
from schemas.incident import Incident
from schemas.settings import Settings
from tasks.channels.channel import Channel
from tasks.channels.jira import assignment, client, document
from tasks.channels.jira.ticket import ensure_ticket


class Jira(Channel):
    """Notifies whoever watches the project: the last resort."""

    name = "jira"
    title = client.SERVICE.name
    needs = ("AEEF_JIRA__URL", "AEEF_JIRA__EMAIL", "AEEF_JIRA__TOKEN")
    limits: ClassVar = {
        "characters of the summary": document.SUMMARY_LIMIT,
        "characters of the description": document.DESCRIPTION_LIMIT,
    }

    def configured(self, settings: Settings, about: str = "") -> bool:
        """True when site, email and token are set."""
        return client.configured(settings)

    def page(self, incident: Incident, settings: Settings, *, key: str, reason: str | None) -> None:
        """Make sure that the incident has its ticket, and that it says why somebody must look."""
        # The sender holds the page's claim, so nobody else uses this holder name at the same time.
        ticket = ensure_ticket(str(incident.incident_id), settings, holder=key)
        mark = f"aeef-page-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
        needs_more = bool(reason) or not ticket.created
        if needs_more and not assignment.look(ticket.key, mark, settings).commented:
            why = incident.title if incident.is_restricted else reason or incident.title
            lines = [f"On-call, please take this: {why}", f"Reference: {mark}"]
            assignment.comment(ticket.key, lines, settings)

    def page_unrecorded(self, incident: Incident, settings: Settings, *, reason: str) -> None:
        """Refuse: a ticket that is not on record would be made again."""
        raise PermanentError(self.title, "a ticket needs the incident's record")

    def check(self, settings: Settings) -> str:
        """Query our own user, and whether it sees the project."""
        return client.check(settings)
