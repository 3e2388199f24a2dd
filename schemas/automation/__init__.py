"""What the automation may do by itself: its mode, its acts, their limits. Begin with `mode.py`."""

from schemas.automation.act import ACTS, Act, ActWords
from schemas.automation.limit import DAY, HOUR, Begun, Limit, TargetLimit, refusal
from schemas.automation.mode import Automation, Mode, Word
from schemas.automation.settings import AutomationSettings

__all__ = [
    "ACTS",
    "DAY",
    "HOUR",
    "Act",
    "ActWords",
    "Automation",
    "AutomationSettings",
    "Begun",
    "Limit",
    "Mode",
    "TargetLimit",
    "Word",
    "refusal",
]
