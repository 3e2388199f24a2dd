"""Times of incidents, and what is computed from them. Begin with `moments.py`."""

from schemas.figures.moments import Moment, Moments

__all__ = ["Moment", "Moments"]
