"""The runbook's verdict on an assessment of drift: good, bad, or unknown."""

from __future__ import annotations

from schemas.drift import (
    DriftReport,
)
from schemas.errors import (
    PermanentError,
)


def must_be_readable(report: DriftReport) -> None:
    """Raise PermanentError when a part of the target could not be read."""
    if report.unreadable:
        raise PermanentError(
            "drift", "what runs could not be assessed: " + "; ".join(report.unreadable)
        )


def must_be_clean(report: DriftReport) -> None:
    """Raise PermanentError unless it was seen that nothing differs after the restore."""
    must_be_readable(report)
    if report.differences:
        raise PermanentError(
            "drift", f"something still differs after the restore; look yourself: {report.headline}"
        )
