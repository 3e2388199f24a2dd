"""What is done so that it does not come back: corrective actions. Begin with `action.py`."""

from schemas.corrective.action import (
    Category,
    CorrectiveAction,
    Effect,
    Stage,
    Waiver,
    is_overdue,
)

__all__ = ["Category", "CorrectiveAction", "Effect", "Stage", "Waiver", "is_overdue"]
