"""Takes alerts in for every way they come, and says what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from deployments.intake.door import Door
from deployments.intake.metrics import Metrics
from schemas.incident import Alert, Incident
from schemas.links import links_for
from schemas.settings import Settings


class Acceptance:
    """The door, counted, with answers for senders."""

    def __init__(self, door: Door, metrics: Metrics, settings: Settings) -> None:
        self._door = door
        self._metrics = metrics
        self._settings = settings

    def accept_all(self, alerts: Sequence[Alert]) -> list[dict[str, Any]]:
        """Make each alert durable, the most urgent first; an answer for each, in their order.

        Prefect hears of them when all of the same severity are: the runs of the first would keep
        the last from paging, but no P1 waits for what is less urgent.
        """
        accepted: dict[int, dict[str, Any]] = {}
        severities = [self._door.severity_of(alert) for alert in alerts]
        order = sorted(range(len(alerts)), key=severities.__getitem__)
        for _, equally_urgent in groupby(order, key=severities.__getitem__):
            try:
                for number in equally_urgent:
                    with self._metrics.accepting(alerts[number].source):
                        opened = self._door.accept(alerts[number])
                    accepted[number] = self._answer(opened.incident) | {"new": opened.is_new}
            finally:
                self._door.dispatch_now()
        return [accepted[number] for number in range(len(alerts))]

    def resolve_all(self, alerts: Iterable[Alert]) -> list[str]:
        """Resolve the open incident of each alert; their ids."""
        over = [self._door.resolve(alert) for alert in alerts]
        return [str(incident.incident_id) for incident in over if incident]

    def _answer(self, incident: Incident) -> dict[str, Any]:
        return {
            "incidentId": str(incident.incident_id),
            "type": incident.type,
            "severity": incident.severity,
            "status": incident.status,
            "url": links_for(incident, self._settings).incident,
        }
