"""EU AI Act Art. 73(6): nothing is altered before the authority is informed, where configured."""

from __future__ import annotations

from schemas.errors import Withheld
from schemas.incident import Incident
from schemas.settings import Settings, Target
from tasks.recovery.gate import rules_of
from tasks.store import open_store


def refuse_alteration(incident: Incident, target: Target, settings: Settings) -> None:
    """Let pass what may be changed by itself. Raises Withheld: a person has to take over."""
    rules = rules_of(target, settings)
    if not rules.hold_for_authority or incident.severity not in rules.severities:
        return
    store = open_store(settings)
    known = [r for r in store.recoveries.of(incident.incident_id) if r.target == target.name]
    # Only where there is none: one that is watched must not begin anew by a question.
    if not known:
        known = [store.recoveries.begin(incident.incident_id, target.name, None)]
    if any(each.authority for each in known):
        return
    raise Withheld(
        f"{target.name} is not altered: the authority is not informed yet (hold_for_authority);"
        " what runs is kept as evidence. Isolate it if it does harm; then inform the authority,"
        f" `aeef recovery authority {incident.short_id} --reference NUMBER`, and Retry",
        needs_person=True,
    )
