"""The context of every step: the incident, the settings, the store, and who acts."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass

from schemas.errors import NotConfirmed
from schemas.incident import Alert, Incident, Route, route_for
from schemas.settings import Settings
from tasks.store import Store, Turn, open_store

RUNBOOK = "aeef-runbooks"
"""The actor in the record, unless a person acts by hand."""


@dataclass(frozen=True)
class Case:
    """One incident as a step sees it.

    holder: the name under which claims are held; the same for a retry of the same run.
    person: who acts by hand; None for a runbook.
    """

    incident_id: str
    settings: Settings
    holder: str
    person: str | None = None

    @property
    def actor(self) -> str:
        """The actor, for the record."""
        return self.person or RUNBOOK

    @property
    def store(self) -> Store:
        """The record. Raises ConfigurationError when it cannot be opened."""
        return open_store(self.settings)

    @property
    def incident(self) -> Incident:
        """The current incident, read from the store each time."""
        return self.store.incident(self.incident_id)

    @property
    def alert(self) -> Alert:
        """The alert that opened it."""
        return self.store.alert(self.incident_id)

    @property
    def route(self) -> Route:
        """The incident's route in the severity table."""
        incident = self.incident
        return route_for(incident.severity, incident.type, self.settings.routes)

    def require_word(self, undone: str, asked_by: str = "") -> None:
        """Let a step pass that cannot be undone only on somebody's word, never on a guess.

        undone: what is not done otherwise: `shop is not isolated`. asked_by: the person who asks
        for this very step, which is word enough.
        Raises NotConfirmed that names the remedy.
        """
        if self.person or asked_by:
            return
        incident = self.incident
        if not incident.has_word:
            raise NotConfirmed(
                f"{undone}: that needs somebody's word, and {incident.title} has nobody's;"
                f" `aeef confirm {incident.short_id}` gives it"
            )

    def once(self, key: str) -> AbstractContextManager[Turn]:
        """Do something once for this incident; wait while another does it (see `Store.once`)."""
        return self.store.once(self.incident_id, key, self.holder, wait=True)
