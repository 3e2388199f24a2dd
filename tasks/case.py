"""What every step gets: one incident, the settings, the store, and under which name it acts."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass

from schemas.incident import Alert, Incident, Route, route_for
from schemas.settings import Settings
from tasks.store import Store, Turn, open_store

RUNBOOK = "aeef-runbooks"
"""Who acts, on record, where no person does it by hand."""


@dataclass(frozen=True)
class Case:
    """One incident as a step sees it.

    holder: the name under which claims are held; a retry of the same run has the same.
    person: who does it by hand; None: a runbook does.
    """

    incident_id: str
    settings: Settings
    holder: str
    person: str | None = None

    @property
    def actor(self) -> str:
        """Who acts, for the record."""
        return self.person or RUNBOOK

    @property
    def store(self) -> Store:
        """The record. Raises ConfigurationError when it cannot be opened."""
        return open_store(self.settings)

    @property
    def incident(self) -> Incident:
        """The incident as it stands now: read anew each time."""
        return self.store.incident(self.incident_id)

    @property
    def alert(self) -> Alert:
        """The alert that opened it."""
        return self.store.alert(self.incident_id)

    @property
    def route(self) -> Route:
        """What the severity table asks for."""
        incident = self.incident
        return route_for(incident.severity, incident.type, self.settings.routes)

    def once(self, key: str) -> AbstractContextManager[Turn]:
        """Do a thing of this incident once; while another does it, wait (see `Store.once`)."""
        return self.store.once(self.incident_id, key, self.holder, wait=True)
