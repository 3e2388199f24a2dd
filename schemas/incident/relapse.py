"""When an alert may be a second outage of an incident that was thought to be contained or over."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from schemas.incident.alert import Alert
from schemas.incident.incident import Incident, Status
from schemas.incident.incident_type import IncidentType
from schemas.model import Model, UtcDatetime

OUTAGES = (IncidentType.DEPLOYMENT_FAILURE, IncidentType.UNKNOWN)
"""The types whose trouble a health check sees. A healthy service may leak data all the same."""


class Verdict(StrEnum):
    """What a look at an incident's services came to."""

    WELL = "well"
    CONTAINED = "contained"
    BROKEN = "broken"
    UNKNOWN = "unknown"


class Look(Model):
    """What was seen when somebody looked at an incident's services.

    seen: one line, for instance `shop: http://… answered HTTP 500`. at: when it was seen.
    """

    verdict: Verdict
    seen: str
    at: UtcDatetime

    @property
    def is_second_outage(self) -> bool:
        """True also when nothing could be looked at: unknown is not well."""
        return self.verdict in (Verdict.BROKEN, Verdict.UNKNOWN)

    @property
    def sentence(self) -> str:
        """The look in words, for the record."""
        if self.verdict is Verdict.UNKNOWN:
            return f"could not look at the service at {self.at:%H:%M:%S} UTC: {self.seen}"
        return f"the service is {self.verdict} now, seen at {self.at:%H:%M:%S} UTC: {self.seen}"


def wants_look(
    incident: Incident, alert: Alert, now: datetime, within: timedelta, *, is_new: bool = False
) -> bool:
    """True when an alert that belongs to this incident may be a second outage.

    While it is open or investigated, people and runbook are at it. When it is mitigated, or was
    resolved less than `within` ago, its services must be looked at. What no health check shows
    (a breach, drift, …) is asked for only while mitigated, and not for an alert that is merely
    repeated, nor for a scanner's report, which lists a known finding until it is patched; after
    that, such an alert opens an incident of its own. is_new: the incident did not have it before.
    """
    outage = incident.type in OUTAGES
    if incident.status is Status.MITIGATED:
        return outage or is_new or not (alert.names_one_occurrence or "findings" in alert.details)
    return outage and is_fresh(incident, now, within)


def is_fresh(incident: Incident, now: datetime, within: timedelta) -> bool:
    """True when it was resolved less than `within` ago; a closed incident is never fresh."""
    resolved = incident.resolved_at
    return incident.status is Status.RESOLVED and bool(resolved and now - resolved <= within)
