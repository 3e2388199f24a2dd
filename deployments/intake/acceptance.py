"""Accepts alerts from every kind of sender, and returns the answers for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from deployments.intake.door import Door
from deployments.intake.metrics.metrics import Metrics
from deployments.web.own_threads import OwnThreads
from schemas.errors import AeefError
from schemas.incident import Alert
from schemas.links import links_for
from schemas.settings import Settings
from tasks.store import Opened
from tasks.store.automation.said import said_of

ALERTS_AT_ONCE = 40
DEADLINE = 60.0
"""Seconds for one request, of up to a thousand alerts. Senders give up sooner, and send again."""


class Acceptance:
    """Passes alerts to the door, counts them, and builds the answers for senders."""

    def __init__(self, door: Door, metrics: Metrics, settings: Settings) -> None:
        self._door = door
        self._metrics = metrics
        self._settings = settings
        self._threads = OwnThreads("taking an alert", ALERTS_AT_ONCE, DEADLINE)

    async def accept(self, alerts: Sequence[Alert]) -> list[dict[str, Any]]:
        """As `accept_all`, in threads that only alerts use. Raises TemporaryError when late."""
        return await self._threads.run(self.accept_all, alerts)

    async def resolve(self, alerts: Sequence[Alert]) -> dict[str, list[str]]:
        """As `resolve_all`, in threads that only alerts use. Raises TemporaryError when late."""
        return await self._threads.run(self.resolve_all, alerts)

    def accept_all(self, alerts: Sequence[Alert]) -> list[dict[str, Any]]:
        """Store each alert, the highest severity first; an answer for each, in the given order.

        Prefect gets the events of one severity when all its alerts are stored: the first runs
        would slow down the last pages. No P1 waits for alerts of a lower severity.
        """
        accepted: dict[int, dict[str, Any]] = {}
        severities = [self._door.severity_of(alert) for alert in alerts]
        order = sorted(range(len(alerts)), key=severities.__getitem__)
        for _, equally_urgent in groupby(order, key=severities.__getitem__):
            try:
                for number in equally_urgent:
                    with self._metrics.accepting(alerts[number].source):
                        opened = self._door.accept(alerts[number])
                    accepted[number] = self._answer(opened)
            except AeefError as error:
                # All of them are sent again; those that were not tried must not wait for that.
                for number in order[len(accepted) + 1 :]:
                    self._door.not_recorded(alerts[number], str(error))
                raise
            finally:
                self._door.dispatch_now()
        return [accepted[number] for number in range(len(alerts))]

    def resolve_all(self, alerts: Iterable[Alert]) -> dict[str, list[str]]:
        """End each alert; the ids of the incidents that are over by that, and of those that are
        not, since only a person can say so.
        """
        ended = [each for each in map(self._door.resolve, alerts) if each]
        return {
            "resolved": [str(each.incident.incident_id) for each in ended if each.is_over],
            "proposed": [str(each.incident.incident_id) for each in ended if each.proposed],
        }

    def end_as_seen(self, alert: Alert) -> None:
        """End what we raised ourselves, and see now that it is over."""
        self._door.resolve(alert, as_seen=True)

    def _answer(self, opened: Opened) -> dict[str, Any]:
        incident = opened.incident
        return {
            "incidentId": str(incident.incident_id),
            "number": incident.number,
            "type": incident.type,
            "severity": incident.severity,
            "status": incident.status,
            "occurrence": incident.occurrence,
            "url": links_for(incident, self._settings).incident,
            "new": opened.is_new,
            "severityRaised": opened.severity_raised,
            # the number of the look that was asked for: see `/incidents/ID/look`
            **({} if opened.look is None else {"look": opened.look}),
            # what people must know of the automation's mode: it is not on
            **({"automation": said} if (said := said_of(incident, self._settings)) else {}),
        }
