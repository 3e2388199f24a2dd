"""Jira as a channel."""

from __future__ import annotations

from typing import ClassVar

from schemas.incident import Incident
from schemas.settings import Settings
from tasks.channels.channel import Channel
from tasks.channels.jira import client, document
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
        """Make sure that the incident has its ticket."""
        # The sender holds the page's claim, so nobody else uses this holder name at the same time.
        ensure_ticket(str(incident.incident_id), settings, holder=key)

    def check(self, settings: Settings) -> str:
        """Query our own user."""
        return client.check(settings)
