"""PagerDuty as a channel."""

from __future__ import annotations

from typing import ClassVar

from schemas.escalation import Contact
from schemas.incident import Incident
from schemas.settings import Settings
from tasks.channels.channel import Channel
from tasks.channels.pagerduty import client
from tasks.channels.pagerduty.changes import send_change
from tasks.store.claim_keys import about_of


class PagerDuty(Channel):
    """Calls people, also by phone, until one of them takes the page."""

    name = "pagerduty"
    title = client.SERVICE.name
    needs = ("AEEF_PAGERDUTY__ROUTING_KEY",)
    rings = True
    rings_apart = True
    limits: ClassVar = {
        "characters of the routing key": client.ROUTING_KEY_LENGTH,
        "characters of the summary": client.SUMMARY_LIMIT,
        "bytes of an event": client.BODY_LIMIT,
    }

    def configured(self, settings: Settings, about: str = "") -> bool:
        """True when there is a routing key for the people to page."""
        return client.configured(settings, about)

    def reaches(self, contact: Contact) -> bool:
        """True when the contact has a routing key of their own."""
        return contact.pagerduty_routing_key is not None

    def page(self, incident: Incident, settings: Settings, *, key: str, reason: str | None) -> None:
        """Page; a page with its own subject is an alert of its own."""
        # Under the same dedup key PagerDuty would only log it, and not call who took the first.
        client.trigger(incident, settings, reason=reason, about=about_of(key))

    def acknowledge(self, incident: Incident, settings: Settings, *, about: str = "") -> None:
        """Acknowledge the alert: PagerDuty stops calling people."""
        client.acknowledge(incident, settings, about=about)

    def resolve(self, incident: Incident, settings: Settings, *, about: str = "") -> None:
        """Close the alert."""
        client.resolve(incident, settings, about=about)

    def report(self, incident: Incident, settings: Settings) -> None:
        """A change event, which PagerDuty shows beside the incident."""
        send_change(incident, settings)

    def check(self, settings: Settings) -> str:
        """Check that the API is reachable: it has no check that does not page."""
        return client.check(settings)
