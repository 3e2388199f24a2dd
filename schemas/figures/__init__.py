"""Times of incidents, and what is computed from them. Begin with `moments.py`."""

from schemas.figures.figures import Figures, Gathered, Group, Kept, Spread, figures_of, quantile
from schemas.figures.moments import MOMENT_OF, UNDONE_BY, Moment, Moments
from schemas.figures.targets import BUSINESS_DAY, DAY, SATURDAY, TARGETS, limit_of
from schemas.figures.timed import ALL, FIGURES, RELAPSES, TIMED, WITH_TARGET, By, Question

__all__ = [
    "ALL",
    "BUSINESS_DAY",
    "DAY",
    "FIGURES",
    "MOMENT_OF",
    "RELAPSES",
    "SATURDAY",
    "TARGETS",
    "TIMED",
    "UNDONE_BY",
    "WITH_TARGET",
    "By",
    "Figures",
    "Gathered",
    "Group",
    "Kept",
    "Moment",
    "Moments",
    "Question",
    "Spread",
    "figures_of",
    "limit_of",
    "quantile",
]
