"""What is done so that it does not come back: corrective actions. Begin with `action.py`."""

from schemas.corrective.action import (
    Category,
    CorrectiveAction,
    Effect,
    Stage,
    Waiver,
    categories_of,
    is_overdue,
    looks_due,
    next_look,
    same_person,
)
from schemas.corrective.settings import CorrectiveSettings
from schemas.corrective.transitions import Turned

__all__ = [
    "Category",
    "CorrectiveAction",
    "CorrectiveSettings",
    "Effect",
    "Stage",
    "Turned",
    "Waiver",
    "categories_of",
    "is_overdue",
    "looks_due",
    "next_look",
    "same_person",
]
