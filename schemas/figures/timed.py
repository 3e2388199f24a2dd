"""What figures are asked for."""

from __future__ import annotations

from enum import StrEnum

from schemas.figures.moments import Moment
from schemas.model import Model, UtcDatetime

TIMED = (
    Moment.PAGED,
    Moment.ACKNOWLEDGED,
    Moment.CONTAINED,
    Moment.MITIGATED,
    Moment.RESOLVED,
)
"""What is timed from the detection on."""
WITH_TARGET = (Moment.ACKNOWLEDGED, Moment.MITIGATED, Moment.RESOLVED)
ALL, RELAPSES = "all", "relapses"
FIGURES = (
    ALL,
    RELAPSES,
    *(moment.value for moment in TIMED),
    *(f"{moment}-{outcome}" for moment in WITH_TARGET for outcome in ("met", "missed")),
)
"""Every figure that counts occurrences: all, relapses, those where a moment came, or its target
was met or missed.
"""


class By(StrEnum):
    """What figures are grouped by."""

    SEVERITY = "severity"
    TYPE = "type"
    SERVICE = "service"
    TEAM = "team"


class Question(Model):
    """Which figures: of occurrences that were detected from `since` on and before `until`.

    drills: exercises alone; else none of them. now: what was due by then and is not done is missed.
    """

    since: UtcDatetime
    until: UtcDatetime
    by: By = By.SEVERITY
    drills: bool = False
    now: UtcDatetime
