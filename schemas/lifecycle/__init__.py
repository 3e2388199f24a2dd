"""What people make of an incident, and where they stand with it. Begin with `transitions.py`."""

from schemas.lifecycle.filter import MOST, Filter, filter_of
from schemas.lifecycle.shown_for import NOT_SAID, ShownFor, shown_for
from schemas.lifecycle.standing import (
    LEAD_WITHIN,
    NEEDS_LEAD,
    NEEDS_REVIEW,
    Disposition,
    Standing,
    how_to_resolve,
    lacks_lead,
    needs_review,
    person_of,
    review_severity,
    why_not_by_sender,
)
from schemas.lifecycle.transitions import Verb, why_not

__all__ = [
    "LEAD_WITHIN",
    "MOST",
    "NEEDS_LEAD",
    "NEEDS_REVIEW",
    "NOT_SAID",
    "Disposition",
    "Filter",
    "ShownFor",
    "Standing",
    "Verb",
    "filter_of",
    "how_to_resolve",
    "lacks_lead",
    "needs_review",
    "person_of",
    "review_severity",
    "shown_for",
    "why_not",
    "why_not_by_sender",
]
