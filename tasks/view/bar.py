"""The bar of an incident's page: how it is, since when, and whose it is or who is called next."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from schemas.escalation import EscalationState, Step, StepKind, next_step
from schemas.incident import Incident, route_for
from schemas.lifecycle import lacks_lead, person_of
from schemas.people import everybody
from schemas.settings import Settings
from tasks.store import Store
from tasks.view.moments import at, clock


class Bar(NamedTuple):
    """What is seen at all times.

    since: when it came into its state. holder: whose it is, in words. is_taken: somebody has it.
    next_at: when the next one is called; None: nobody is. lead: who leads, or that nobody does;
    empty: none is needed.
    """

    incident: Incident
    since: datetime
    holder: str
    is_taken: bool
    next_at: datetime | None = None
    lead: str = ""


def bar_of(incident: Incident, store: Store, settings: Settings, now: datetime) -> Bar:
    """The bar of an incident as it is now."""
    standing = store.lifecycle.standing(incident.incident_id)
    bar = _held(incident, store, settings, now)
    if lacks_lead(incident, standing) and bar.is_taken:
        return bar._replace(lead="nobody leads yet")
    return bar._replace(lead=f"{called(standing.lead, settings)} leads" if standing.lead else "")


def _held(incident: Incident, store: Store, settings: Settings, now: datetime) -> Bar:
    since = since_of(incident)
    if incident.status.is_over:
        return Bar(incident, since, "over: nobody is called", is_taken=True)
    state = store.escalations.state(incident.incident_id)
    if state is None:
        return Bar(incident, since, "nobody has it", is_taken=False)
    if state.taken_at is not None:
        taken = f"{called(state.taken_by, settings)} has it since {at(state.taken_at, now)}"
        step = _step(state, incident, settings)
        if step is not None:
            taken += f"; {_level(step, state, settings)} in {clock(step.due - now)}"
        return Bar(incident, since, taken, is_taken=True, next_at=step and step.due)
    return _untaken(incident, state, since, settings, now)


def since_of(incident: Incident) -> datetime:
    """When it came into its present state; its beginning when the record does not say."""
    became = f"→ {incident.status}"
    for each in reversed(incident.actions_taken):
        if became in each.action and each.timestamp >= incident.began_at:
            return each.timestamp
    return incident.began_at


def called(actor: str, settings: Settings) -> str:
    """How people call whoever stands so on record: `Ann Example` for `ann (token)`."""
    person = everybody(settings.people).get(person_of(actor))
    return person.called if person else actor


def _untaken(
    incident: Incident, state: EscalationState, since: datetime, settings: Settings, now: datetime
) -> Bar:
    step = _step(state, incident, settings)
    if step is None:
        return Bar(incident, since, "nobody has it, and nobody is called", is_taken=False)
    due = f"in {clock(step.due - now)}" if step.due > now else "now"
    holder = f"nobody: {_level(step, state, settings)} {due}"
    return Bar(incident, since, holder, is_taken=False, next_at=step.due)


def _step(state: EscalationState, incident: Incident, settings: Settings) -> Step | None:
    route = route_for(incident.severity, incident.type, settings.routes)
    return next_step(state, incident.status, route, settings.business_days)


def _level(step: Step, state: EscalationState, settings: Settings) -> str:
    if step.kind is StepKind.STILL_ON_IT:
        return f"{called(state.taken_by, settings)} is asked"
    to = step.level.to if step.level else "the on-call"
    return f"{to} is {'reminded' if step.kind is StepKind.REMINDER else 'called'}"
