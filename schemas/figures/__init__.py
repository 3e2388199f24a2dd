"""Times of incidents, and what is computed from them. Begin with `moments.py`."""

from schemas.figures.counters import (
    ACTS,
    AUTOMATION_FAILURES,
    COUNTERS,
    ESCALATIONS,
    HISTOGRAMS,
    NO_CHANNEL,
    PAGES,
    RELAPSE_COUNTER,
    Counter,
    Done,
    DoneBy,
    Sent,
)
from schemas.figures.figures import Figures, Gathered, Group, Kept, Spread, figures_of, quantile
from schemas.figures.moments import MOMENT_OF, UNDONE_BY, Moment, Moments
from schemas.figures.targets import BUSINESS_DAY, DAY, SATURDAY, TARGETS, limit_of
from schemas.figures.timed import ALL, FIGURES, RELAPSES, TIMED, WITH_TARGET, By, Question

__all__ = [
    "ACTS",
    "ALL",
    "AUTOMATION_FAILURES",
    "BUSINESS_DAY",
    "COUNTERS",
    "DAY",
    "ESCALATIONS",
    "FIGURES",
    "HISTOGRAMS",
    "MOMENT_OF",
    "NO_CHANNEL",
    "PAGES",
    "RELAPSES",
    "RELAPSE_COUNTER",
    "SATURDAY",
    "TARGETS",
    "TIMED",
    "UNDONE_BY",
    "WITH_TARGET",
    "By",
    "Counter",
    "Done",
    "DoneBy",
    "Figures",
    "Gathered",
    "Group",
    "Kept",
    "Moment",
    "Moments",
    "Question",
    "Sent",
    "Spread",
    "figures_of",
    "limit_of",
    "quantile",
]
