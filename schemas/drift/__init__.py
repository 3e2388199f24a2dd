"""What runs against what should run: the differences and their impact. Begin with `drift.py`."""

from schemas.drift.drift import (
    LONGEST_NOTE,
    AcceptedDrift,
    Difference,
    DriftReport,
    State,
    compare,
    ordered,
    shown,
)
from schemas.drift.impact import DEFAULT_IMPACTS, SEVERITY_OF, Change, Impact, ImpactRule, Setting

__all__ = [
    "DEFAULT_IMPACTS",
    "LONGEST_NOTE",
    "SEVERITY_OF",
    "AcceptedDrift",
    "Change",
    "Difference",
    "DriftReport",
    "Impact",
    "ImpactRule",
    "Setting",
    "State",
    "compare",
    "ordered",
    "shown",
]
