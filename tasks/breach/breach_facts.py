"""Stores what people report about a breach, and reads it back.

Each change is one finished claim of the incident, whose key begins with its time: nothing is ever
overwritten. The record and the audit log have the same in words.
"""

from __future__ import annotations

from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from schemas.breach import (
    Change,
    Clock,
    Regime,
    Situation,
    check_names,
    chosen_regimes,
    clocks_of,
    situation_of,
)
from schemas.incident import CLOCKS_CHANGED, Incident
from schemas.settings import Settings
from tasks.store import open_store
from tasks.store.claim_keys import CLOCK_CHANGE


def add_change(incident_id: str | UUID, change: Change, settings: Settings, *, actor: str) -> None:
    """Store the change, record it, and have the clocks updated.

    Raises InvalidInput when no such regime or deadline is configured for the incident.
    """
    store = open_store(settings)
    incident = store.incident(incident_id)
    check_names(regimes_of(incident, settings), change.regime, change.deadline)
    # A person's text: mask and clean it as the store does with the record's texts.
    masked = {"by": store.masked_text(change.by), "reason": store.masked_text(change.reason)}
    change = change.model_copy(update=masked)
    moment = change.said_at.isoformat(timespec="microseconds")
    key = f"{CLOCK_CHANGE}{moment}:{uuid4()}"
    store.finish_claim(incident.incident_id, key, actor, change.to_json())
    identity = f"aeef:{incident.incident_id}/{key}"
    store.record_action(
        incident.incident_id,
        change.sentence,
        actor=actor,
        automated=False,
        entry_id=uuid5(NAMESPACE_URL, identity),
    )
    event_id = uuid5(NAMESPACE_URL, f"{identity}/event")
    store.emit(incident.incident_id, CLOCKS_CHANGED, {}, event_id=event_id)


def changes_of(incident: Incident, settings: Settings) -> list[Change]:
    """Every change, in order."""
    claims = open_store(settings).claims(incident.incident_id)
    said = sorted(
        (key, claim.result) for key, claim in claims.items() if key.startswith(CLOCK_CHANGE)
    )
    return [Change.model_validate(result) for _key, result in said if result is not None]


def situation(incident: Incident, settings: Settings) -> Situation:
    """The present facts of the breach."""
    return situation_of(incident.detected_at, changes_of(incident, settings))


def regimes_of(incident: Incident, settings: Settings) -> dict[str, Regime]:
    """The regimes of the affected targets; `[breach] regimes` where no target sets its own."""
    wanted: dict[str, None] = {}
    for service in incident.affected_services or [""]:
        target = settings.target_of(service)
        own = target.breach.regimes if target and target.breach else None
        wanted |= dict.fromkeys(settings.breach.regimes if own is None else own)
    return chosen_regimes(wanted, settings.breach.regime)


def clocks_for(incident: Incident, settings: Settings) -> list[Clock]:
    """The present state of every regulatory clock of the incident."""
    return clocks_of(
        situation(incident, settings), regimes_of(incident, settings), settings.breach.holidays
    )
