"""How long what is kept, and what is held longer. Begin with `periods.py`."""

from schemas.retention.allowed import why_not_allowed
from schemas.retention.hold import Hold
from schemas.retention.periods import AEEF_REVIEWS_YEARS, AEEF_YEARS, due_at, is_short, years_before
from schemas.retention.settings import BackupSettings, RetentionSettings

__all__ = [
    "AEEF_REVIEWS_YEARS",
    "AEEF_YEARS",
    "BackupSettings",
    "Hold",
    "RetentionSettings",
    "due_at",
    "is_short",
    "why_not_allowed",
    "years_before",
]
