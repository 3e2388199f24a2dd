"""Accepts drift, on a person's request only; the acceptance is recorded."""

from __future__ import annotations

from collections.abc import Callable

from schemas.drift import AcceptedDrift, DriftReport
from schemas.errors import InvalidInput
from schemas.incident import Incident, IncidentType
from schemas.settings import Settings, Target
from tasks.drift.accepted_drift import read_accepted, write_accepted
from tasks.drift.assess_drift import assess
from tasks.drift.follow_drift import end_drift, open_drift_of
from tasks.incident.open_by_hand import open_by_hand
from tasks.store import open_store

Agrees = Callable[[DriftReport], bool]


def accept_drift(
    target: Target, by: str, reason: str, settings: Settings, agrees: Agrees = lambda _: True
) -> tuple[DriftReport, Incident | None]:
    """Accept the present differences from the target's last known good release.

    agrees: is given what would be accepted; if it returns False, nothing is changed.
    Recorded in the target's open drift incident, which is resolved; without one, in a new one.
    Raises InvalidInput when there is nothing to accept, or when a part cannot be read.
    """
    found = assess(target, settings)
    if found.unreadable or found.commit is None:
        raise InvalidInput(f"nothing was accepted, for not everything is known: {found.text()}")
    if not found.differences or not agrees(found):
        return found, None
    before = read_accepted(target.name, settings.home)
    kept = before.differences if before and before.commit == found.commit else ()
    new = tuple(each.identity for each in found.differences)
    incident = open_drift_of(target, settings) or open_by_hand(
        "accept-drift",
        IncidentType.DRIFT,
        target.name,
        f"{by} accepts what runs of {target.name}",
        by,
        settings,
    )
    store = open_store(settings)
    store.record_action(
        incident.incident_id,
        f"ACCEPTED as the baseline ({reason}): {found.text()}",
        actor=by,
        automated=False,
    )
    accepted = AcceptedDrift(
        target=target.name,
        commit=found.commit,
        accepted_by=by,
        reason=reason,
        differences=tuple(dict.fromkeys((*kept, *new))),
    )
    write_accepted(accepted, settings.home)
    return found, end_drift(incident, f"accepted: {reason}", settings, actor=by)
