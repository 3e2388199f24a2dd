"""What may become of an incident, and when: the one table of transitions, as pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from schemas.incident.incident import Incident, Status


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


def why_not(verb: Verb, incident: Incident, lacks: Sequence[str] = ()) -> str:
    """Why this cannot be done now, and what would make it possible; empty: it can.

    lacks: what it needs first, in words, though its status allows it.
    """
    if incident.status in _MAY[verb]:
        return (
            f"nobody can {verb} {incident.title} yet; missing: {'; '.join(lacks)}" if lacks else ""
        )
    if verb is Verb.REOPEN:
        return f"{incident.title} is {incident.status}: there is nothing to reopen"
    if verb is Verb.CLOSE and incident.status in _GOING_ON:
        return f"{incident.title} is {incident.status}: resolve it first"
    return (
        f"{incident.title} is {incident.status}: nobody can {verb} it any more. If it goes on,"
        f" reopen it: `aeef reopen {incident.short_id} --reason …`"
    )
