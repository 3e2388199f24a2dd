"""The events that say what becomes of an incident: Prefect's automations, and anyone, hear them.

`aeef.incident.detected`: its resource is `aeef.incident.<incident id>`, as in all of them.
"""

from __future__ import annotations

from typing import Final

from schemas.incident.incident import Status

RESOURCE: Final = "aeef.incident."
"""How the resource of each of these events begins; the incident's id follows."""

DETECTED: Final = "aeef.incident.detected"
"""It was opened, or its severity rose: its runbook starts."""
PAGED: Final = "aeef.incident.paged"
ACKNOWLEDGED: Final = "aeef.incident.acknowledged"
MITIGATED: Final = "aeef.incident.mitigated"
RESOLVED: Final = "aeef.incident.resolved"
CLOSED: Final = "aeef.incident.closed"
CLOCKS_CHANGED: Final = "aeef.incident.clocks-changed"
"""A person set a fact of a breach: its deadlines are computed anew, and drafts made again."""


def event_of(status: Status) -> str:
    """What is said of an incident that has just become so: `MITIGATED` for `mitigated`."""
    return f"aeef.incident.{status}"
