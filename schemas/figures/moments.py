"""When what happened in an occurrence of an incident, and whether by a machine or by a person."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from schemas.incident import Status
from schemas.model import Model, UtcDatetime


class Moment(StrEnum):
    """What is timed, in the order in which it usually happens.

    DETECTED: the sender's time. PAGED: something that rings took the page. CONTAINED: the damage
    was stopped by an act that was seen to work. MITIGATED, RESOLVED, CLOSED: the status.
    """

    DETECTED = "detected"
    PAGED = "paged"
    ACKNOWLEDGED = "acknowledged"
    CONTAINED = "contained"
    MITIGATED = "mitigated"
    RESOLVED = "resolved"
    CLOSED = "closed"


MOMENT_OF = {
    Status.MITIGATED: Moment.MITIGATED,
    Status.RESOLVED: Moment.RESOLVED,
    Status.CLOSED: Moment.CLOSED,
}
"""The moment that a status is."""
UNDONE_BY = {
    status: tuple(moment for later, moment in MOMENT_OF.items() if later.comes_after(status))
    for status in Status
}
"""What had not come after all, when an incident goes back to this status."""


class Moments(Model):
    """One occurrence. at: the first time of each moment that came; others are absent.

    by_machine: those of them that the automation brought about. is_drill: an exercise, which no
    figure counts unless it is asked for. team: whose it is, by the alert's label.
    """

    incident_id: UUID
    occurrence: int = Field(default=1, ge=1)
    is_drill: bool = False
    team: str = ""
    at: dict[Moment, UtcDatetime] = Field(default_factory=dict)
    by_machine: frozenset[Moment] = frozenset()

    def took(self, moment: Moment) -> timedelta | None:
        """From the detection to this; None: it has not come, or it came before (a clock is off)."""
        begin, end = self.at.get(Moment.DETECTED), self.at.get(moment)
        return end - begin if begin and end and end >= begin else None

    def came(self, moment: Moment) -> datetime | None:
        """When it came; None: not yet."""
        return self.at.get(moment)
