"""Refuses what an incident's state does not allow."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.errors import NotPossibleNow, Outdated
from schemas.incident import Incident
from schemas.lifecycle import ShownFor, Verb, why_not

NOTHING_DONE = "nothing was done"


def require(verb: Verb, incident: Incident, lacks: Sequence[str] = ()) -> None:
    """Raise NotPossibleNow, with what is missing, unless this can be done now."""
    if reason := why_not(verb, incident, lacks):
        raise NotPossibleNow(reason)


def require_shown(shown: ShownFor, incident: Incident) -> None:
    """Raise Outdated, with what has changed, unless it is still what somebody was shown."""
    if changed := shown.outdated(incident):
        raise Outdated(f"{incident.title}: {NOTHING_DONE}, for {changed}")
