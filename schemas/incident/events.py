"""The events of an incident's life, for Prefect's automations and other subscribers.

`aeef.incident.detected`: its resource is `aeef.incident.<incident id>`, as in all of them.
"""

from __future__ import annotations

from typing import Any, Final

from schemas.incident.incident import Incident, Status

RESOURCE: Final = "aeef.incident."
"""Prefix of the resource of each of these events; the incident's id follows."""

DETECTED: Final = "aeef.incident.detected"
"""The incident was opened, or its severity rose: its runbook starts."""
PAGED: Final = "aeef.incident.paged"
ACKNOWLEDGED: Final = "aeef.incident.acknowledged"
ESCALATED: Final = "aeef.incident.escalated"
"""Nobody took it in time, or it is not mitigated in time: the next level was called."""
MITIGATED: Final = "aeef.incident.mitigated"
RELAPSED: Final = "aeef.incident.relapsed"
"""It broke out again: its runbook starts again, for the new occurrence."""
RESOLVED: Final = "aeef.incident.resolved"
CLOSED: Final = "aeef.incident.closed"
CLOCKS_CHANGED: Final = "aeef.incident.clocks-changed"
"""A person set a fact of a breach: deadlines and drafts are computed again."""
REVIEW_BEGUN: Final = "aeef.incident.review-begun"
"""A person asked for the review of what was resolved: it is drafted."""


def parameter_of(incident: Incident) -> dict[str, Any]:
    """The parameter `alert` of a run; it names the occurrence from the second on."""
    named: dict[str, Any] = {"incidentId": str(incident.incident_id)}
    return named if incident.occurrence == 1 else {**named, "occurrence": incident.occurrence}


def event_of(status: Status) -> str:
    """The event of an incident that reached this status: `MITIGATED` for `mitigated`."""
    return f"aeef.incident.{status}"
