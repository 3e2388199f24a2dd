"""What may become of an incident, and when: the one table of transitions, as pure functions."""

from __future__ import annotations

from enum import StrEnum

from schemas.incident.incident import Incident, Status
from schemas.lifecycle.standing import NEEDS_LEAD


class Verb(StrEnum):
    """What people do with an incident, where its status decides whether they may."""

    TAKE = "take"
    GIVE_BACK = "give back"
    HAND_OVER = "hand over"
    LEAD = "name the lead of"
    DECIDE = "decide on"
    SET_SEVERITY = "change the severity of"
    SET_TYPE = "change the type of"
    SET_SERVICES = "change the services of"
    MITIGATE = "call mitigated"
    MERGE = "merge"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    CLOSE = "close"


_GOING_ON = frozenset({Status.OPEN, Status.INVESTIGATING, Status.MITIGATED})
_MAY: dict[Verb, frozenset[Status]] = {
    **dict.fromkeys(Verb, _GOING_ON),
    Verb.DECIDE: _GOING_ON | {Status.RESOLVED},
    Verb.SET_SERVICES: _GOING_ON | {Status.RESOLVED},
    Verb.REOPEN: frozenset({Status.MITIGATED, Status.RESOLVED, Status.CLOSED}),
    Verb.CLOSE: frozenset({Status.RESOLVED}),
}
REVIEW_IS_MISSING = (
    "it needs a completed review first, and there are none yet: it stays resolved until then"
)


def why_not(verb: Verb, incident: Incident) -> str:
    """Why this cannot be done now, and what would make it possible; empty: it can."""
    if incident.status in _MAY[verb]:
        needs_review = verb is Verb.CLOSE and incident.severity in NEEDS_LEAD
        return f"{incident.title}: {REVIEW_IS_MISSING}" if needs_review else ""
    if verb is Verb.REOPEN:
        return f"{incident.title} is {incident.status}: there is nothing to reopen"
    if verb is Verb.CLOSE and incident.status in _GOING_ON:
        return f"{incident.title} is {incident.status}: resolve it first"
    return (
        f"{incident.title} is {incident.status}: nobody can {verb} it any more. If it goes on,"
        f" reopen it: `aeef reopen {incident.short_id} --reason …`"
    )
