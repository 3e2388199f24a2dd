"""Refuses what an incident's state does not allow."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.errors import NotPossibleNow
from schemas.incident import Incident
from schemas.lifecycle import Verb, why_not


def require(verb: Verb, incident: Incident, lacks: Sequence[str] = ()) -> None:
    """Raise NotPossibleNow, with what is missing, unless this can be done now."""
    if reason := why_not(verb, incident, lacks):
        raise NotPossibleNow(reason)
