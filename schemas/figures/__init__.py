"""Times of incidents, and what is computed from them. Begin with `moments.py`."""

from schemas.figures.moments import MOMENT_OF, UNDONE_BY, Moment, Moments

__all__ = ["MOMENT_OF", "UNDONE_BY", "Moment", "Moments"]
