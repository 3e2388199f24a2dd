"""How long records are kept (AEEF, "Retention & Audit Evidence Policy"): rules without a clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from schemas.incident import Severity

AEEF_YEARS: Mapping[Severity, int] = MappingProxyType(
    {Severity.P1: 5, Severity.P2: 5, Severity.P3: 3, Severity.P4: 3}
)
"""The least that AEEF asks for. A law that asks for more prevails."""
AEEF_REVIEWS_YEARS = 3
"""The same for records of governance."""


def due_at(ended_at: datetime, years: int) -> datetime:
    """When the record of an incident that ended then may go: the same day, so many years later."""
    return _in_year(ended_at, ended_at.year + years)


def years_before(now: datetime, years: int) -> datetime:
    """What ended before this moment is due."""
    return _in_year(now, now.year - years)


def is_short(severity: Severity, years: int) -> bool:
    """True when that is less than AEEF asks for."""
    return years < AEEF_YEARS[severity]


def _in_year(moment: datetime, year: int) -> datetime:
    try:
        return moment.replace(year=year)
    except ValueError:  # the 29th of February: a day later, so that nothing goes too early
        return moment.replace(year=year, month=3, day=1)
