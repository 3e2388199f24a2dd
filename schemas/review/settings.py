"""Settings of reviews: when they are due, when people are reminded."""

from __future__ import annotations

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field, field_validator

from schemas.incident import Severity

DUE_DAYS = {Severity.P1: 3, Severity.P2: 5, Severity.P3: 20, Severity.P4: 20}
"""Business days. AEEF names no number; PagerDuty's published practice has 3 days for its SEV-1
and 5 business days for its SEV-2 (https://response.pagerduty.com/after/post_mortem_process/).
P3 and P4: within the month in which they are looked at."""
MOST_DAYS = 365


class ReviewSettings(BaseModel):
    """`[review]`. due: business days from the end of an incident, by severity.

    remind_before: seconds before that at which people are reminded (0: only once it is over).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    due: dict[Severity, int] = Field(default_factory=dict)
    remind_before: timedelta = timedelta(days=1)

    @field_validator("due")
    @classmethod
    def _days(cls, due: dict[Severity, int]) -> dict[Severity, int]:
        for severity, days in due.items():
            if not 0 < days <= MOST_DAYS:
                raise ValueError(f"{severity} must be 1 to {MOST_DAYS} business days")
        return due

    def due_days(self, severity: Severity) -> int:
        """Business days until a review of this severity is due."""
        return self.due.get(severity, DUE_DAYS[severity])
