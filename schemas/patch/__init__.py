"""An emergency patch: the plan, its gates, the decision about it. Begin with `patch.py`."""

from schemas.patch.patch import (
    Decision,
    GateResult,
    GateResults,
    PatchChange,
    PreparedPatch,
    Unpatched,
)
from schemas.patch.settings import TargetPatch

__all__ = [
    "Decision",
    "GateResult",
    "GateResults",
    "PatchChange",
    "PreparedPatch",
    "TargetPatch",
    "Unpatched",
]
