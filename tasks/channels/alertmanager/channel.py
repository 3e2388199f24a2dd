"""Alertmanager as a channel."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from schemas.incident import Incident
from schemas.settings import Settings
from tasks.channels.alertmanager import client
from tasks.channels.channel import Channel


class Alertmanager(Channel):
    """Notifies by its own routes. An occurrence has one alert, which must be kept alive."""

    name = "alertmanager"
    title = client.SERVICE.name
    needs = ("AEEF_ALERTMANAGER__URL",)
    rings = True
    keep_alive_every = timedelta(minutes=4)
    """Three intervals fit into `client.HOLDS_FOR`, so two calls in a row may fail."""
    limits: ClassVar = {
        "characters of the summary": client.SUMMARY_LIMIT,
        "characters of the description": client.DESCRIPTION_LIMIT,
    }

    def configured(self, settings: Settings, about: str = "") -> bool:
        """True when there is a URL."""
        return client.configured(settings)

    def page(self, incident: Incident, settings: Settings, *, key: str, reason: str | None) -> None:
        """Raise the incident's alert."""
        client.firing(incident, settings)

    def resolve(self, incident: Incident, settings: Settings, *, about: str = "") -> None:
        """End the incident's alerts: a relapse has one of its own."""
        for occurrence in range(1, incident.occurrence + 1):
            earlier = incident.model_copy(update={"occurrence": occurrence})
            client.resolve(earlier, settings)

    def keep_alive(self, incident: Incident, settings: Settings) -> None:
        """Send the alert again."""
        client.firing(incident, settings)

    def check(self, settings: Settings) -> str:
        """Ask for its version."""
        return client.check(settings)
