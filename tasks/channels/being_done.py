"""What is being done for an incident, in a few words, for the text of a page or a message."""

from __future__ import annotations

import re

from schemas.errors import AeefError
from schemas.incident import Incident, IncidentType, Phase, Progress, Status, route_for
from schemas.settings import Settings
from tasks.store.automation.said import said_of
from tasks.store.progress import progress_of

_MITIGATED = re.compile(rf"→ {Status.MITIGATED} \((.+)\)$", re.DOTALL)
LONGEST = 200
"""Characters of what a run said: a page is read on a phone."""
CAUSE_OPEN = "cause open"
NO_TARGET = "Nothing is changed by itself: no target has this service"
BY_ITSELF = {
    IncidentType.DATA_BREACH: "Containing it by itself, which takes it from its users",
    IncidentType.AGENT_VIOLATION: "Suspending the agent by itself",
    IncidentType.DRIFT: "Comparing by itself what runs with what should",
    IncidentType.QUALITY_DEGRADATION: "Looking by itself for what fell, and its owner",
    IncidentType.SECURITY: "Looking by itself for a patch",
    IncidentType.UNKNOWN: "Nothing is changed by itself",
}
"""What a runbook begins with where nothing is rolled back."""


def being_done(incident: Incident, settings: Settings) -> str:
    """`Rolling back by itself`; later what came of it. Empty when it cannot be looked up.

    Never raises: a page must not wait for this.
    """
    if incident.status.is_over or not incident.number:
        return f"It is {incident.status}" if incident.status.is_over else ""
    try:
        states = [
            each
            for each in progress_of(incident.incident_id, settings)
            if incident.relapsed_at is None or each.at >= incident.relapsed_at
        ]
    except AeefError:
        return ""
    if states and (said := _said_by(states, incident)):
        return said
    if said_of(incident, settings):
        return ""  # that the automation is not on is said wherever this is
    if incident.waits_for_word:
        return f"Only guessed: it waits for `aeef confirm {incident.short_id}`"
    return by_itself(incident, settings)


def _said_by(states: list[Progress], incident: Incident) -> str:
    """What runs said; empty while the newest is at it, and nothing failed."""
    for phase in (Phase.FAILED, Phase.STOPPED):
        if any(each.phase is phase for each in states):
            return f"Automation {phase.value}"
    return "" if states[-1].phase is Phase.WORKING else _came_to(states[-1], incident)


def by_itself(incident: Incident, settings: Settings) -> str:
    """What the runbook begins with; it says so itself when it cannot."""
    route = route_for(incident.severity, incident.type, settings.routes)
    kind = next((each for each in IncidentType if each == incident.type), IncidentType.UNKNOWN)
    if kind is IncidentType.AGENT_VIOLATION:
        return BY_ITSELF[kind]
    if not any(settings.target_of(service) for service in incident.affected_services):
        return NO_TARGET
    if kind is IncidentType.SECURITY and incident.severity in settings.security.isolate:
        return "Isolating it by itself, which takes it from its users"
    if route.rollback and kind not in (IncidentType.SECURITY, IncidentType.DATA_BREACH):
        return "Rolling back by itself"
    return BY_ITSELF.get(kind, "")


def _came_to(newest: Progress, incident: Incident) -> str:
    lines = [line.lstrip("• ").rstrip(". ") for line in newest.said.splitlines()]
    said = _contained(incident) or next(filter(None, lines), "")
    said = said if len(said) <= LONGEST else f"{said[:LONGEST]}…"
    words = f"{newest.phase.value}: {said}" if said else newest.phase.value
    is_open = newest.phase is Phase.DONE and not incident.root_cause
    return words[:1].upper() + words[1:] + (f"; {CAUSE_OPEN}" if is_open else "")


def _contained(incident: Incident) -> str:
    """What contained it, as the record has it: `shop is back on 98f4b33, healthy`."""
    if incident.status is not Status.MITIGATED:
        return ""
    texts = [_MITIGATED.search(each.action) for each in reversed(incident.actions_taken)]
    return next((found[1] for found in texts if found), "")
