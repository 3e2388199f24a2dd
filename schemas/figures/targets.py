"""Within which time an incident of each severity has to be taken, mitigated and resolved (AEEF)."""

from __future__ import annotations

from datetime import datetime

from schemas.figures.moments import Moment
from schemas.incident import Severity

SATURDAY = 5
DAY = 86_400.0
BUSINESS_DAY = -1.0
"""Stands for one business day: the same time on the next day that is no Saturday or Sunday, UTC."""
_MINUTE, _HOUR = 60.0, 3_600.0

TARGETS: dict[Severity, dict[Moment, float]] = {
    Severity.P1: {
        Moment.ACKNOWLEDGED: 15 * _MINUTE,
        Moment.MITIGATED: 4 * _HOUR,
        Moment.RESOLVED: 24 * _HOUR,
    },
    Severity.P2: {
        Moment.ACKNOWLEDGED: 30 * _MINUTE,
        Moment.MITIGATED: 8 * _HOUR,
        Moment.RESOLVED: 48 * _HOUR,
    },
    Severity.P3: {Moment.ACKNOWLEDGED: 2 * _HOUR, Moment.RESOLVED: 7 * DAY},
    Severity.P4: {Moment.ACKNOWLEDGED: BUSINESS_DAY, Moment.RESOLVED: 30 * DAY},
}
"""Seconds from the detection on (AEEF incident response guide); what has no target is absent."""


def limit_of(severity: Severity, moment: Moment, detected: datetime) -> float | None:
    """Within how many seconds it is due; None: there is no target for it."""
    limit = TARGETS[severity].get(moment)
    return days_from(detected.weekday()) * DAY if limit == BUSINESS_DAY else limit


def days_from(weekday: int) -> int:
    """How many days it is to the next business day. weekday: 0 is Monday."""
    days = 1
    while (weekday + days) % 7 >= SATURDAY:
        days += 1
    return days
