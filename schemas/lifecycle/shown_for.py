"""What a form or a button was shown for: an act from it is for nothing that came later."""

from __future__ import annotations

from pydantic import Field

from schemas.incident.incident import Incident, Status
from schemas.incident.severity import Severity
from schemas.model import Model


class ShownFor(Model):
    """The incident as it was when somebody was shown what they press. None: not said.

    foreseen: the SHA-256 of what a dry run said then; empty: none was shown.
    """

    occurrence: int | None = Field(default=None, ge=1)
    status: Status | None = None
    severity: Severity | None = None
    foreseen: str = Field(default="", max_length=64)

    @property
    def text(self) -> str:
        """As a form and a button carry it."""
        return self.model_dump_json(by_alias=True, exclude_defaults=True)

    def outdated(self, incident: Incident) -> str:
        """What has changed since, in words; empty: it is still what was shown.

        That it went on is no change: the act itself knows whether it is still possible.
        """
        if self.occurrence is not None and self.occurrence != incident.occurrence:
            at = f" at {incident.relapsed_at:%H:%M} UTC" if incident.relapsed_at else ""
            return (
                f"it relapsed{at}: this was shown for occurrence {self.occurrence}, and"
                f" occurrence {incident.occurrence} is {incident.status}"
            )
        if self.status and self.status.is_contained and not incident.status.is_contained:
            return f"it was {self.status} when this was shown, and is {incident.status} again"
        if self.severity and incident.severity.is_worse_than(self.severity):
            return f"it was {self.severity} when this was shown, and is {incident.severity} now"
        return ""


NOT_SAID = ShownFor()
"""Of an act that names nothing: a command, or a program that needs no more than the number."""


def shown_for(incident: Incident, foreseen: str = "") -> ShownFor:
    """For a form that is shown now. foreseen: the hash of what a dry run says."""
    return ShownFor(
        occurrence=incident.occurrence,
        status=incident.status,
        severity=incident.severity,
        foreseen=foreseen,
    )
