"""Times of incidents, and what is computed from them. Begin with `moments.py`."""

from schemas.figures.counters import (
    ACTS,
    AUTOMATION_FAILURES,
    COUNTERS,
    ESCALATIONS,
    NO_CHANNEL,
    PAGES,
    RELAPSES,
    TIMED,
    By,
    Counter,
    Done,
    Sent,
)
from schemas.figures.moments import MOMENT_OF, UNDONE_BY, Moment, Moments

__all__ = [
    "ACTS",
    "AUTOMATION_FAILURES",
    "COUNTERS",
    "ESCALATIONS",
    "MOMENT_OF",
    "NO_CHANNEL",
    "PAGES",
    "RELAPSES",
    "TIMED",
    "UNDONE_BY",
    "By",
    "Counter",
    "Done",
    "Moment",
    "Moments",
    "Sent",
]
