"""Makes one run an incident's runbook, and lets another take over when that run has died."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound

from schemas.incident import Incident, IncidentType, TypeSource
from schemas.settings import Settings
from tasks.store import open_store
from tasks.store.claim_keys import RUN, RUNBOOK, WITHHELD_MARK, occurrence_of, runbook_key

LEASE = timedelta(days=1)
"""Not a time limit for the run: dead runs are found by asking Prefect, whatever the lease."""


def claim_runbook(
    incident: Incident,
    run_id: UUID,
    settings: Settings,
    beside: str | None = None,
    *,
    own_type: IncidentType | None = None,
) -> str | None:
    """None when this run must respond; otherwise a sentence that says why not.

    own_type: the type that this runbook is for; of an incident whose type was corrected meanwhile
    another one takes care.
    """
    store = open_store(settings)
    present = store.incident(incident.incident_id)
    if present.status.is_over:
        return f"{present.title} is over: nothing is done for it any longer"
    is_settled = present.word_at is not None or present.type_source is TypeSource.PERSON
    if own_type and is_settled and present.type != own_type:
        return f"{present.title} turned out to be no {own_type}: nothing is done here"
    key, me = runbook_key(incident, beside), f"{RUN}{run_id}"
    for earlier, claim in store.claims(incident.incident_id).items():
        # Its kept results are those of that occurrence: nothing would be done for this one.
        is_mine = earlier.startswith(RUNBOOK) and claim.holder == me
        if is_mine and occurrence_of(earlier) != incident.occurrence:
            return (
                f"this run was for occurrence {occurrence_of(earlier)}: {incident.title} has a run"
                " of its own"
            )
    claim = store.claim(incident.incident_id, key, me, LEASE)
    if claim.state == "busy" and claim.holder and not is_alive(claim.holder):
        store.release_claim(incident.incident_id, key, claim.holder)
        claim = store.claim(incident.incident_id, key, me, LEASE)
    if claim.state == "held":
        return None
    verb = "was handled" if claim.state == "done" else "is being handled"
    return f"{incident.title} {verb} by flow {claim.holder}"


def finish_runbook(
    incident: Incident,
    run_id: UUID,
    settings: Settings,
    beside: str | None = None,
    *,
    withheld: bool = False,
) -> None:
    """Mark the runbook as complete: no other run, and no retry of this one, repeats it.

    withheld: its acts were not done, because the automation is not on.
    """
    result = {WITHHELD_MARK: True} if withheld else {}
    store, holder = open_store(settings), f"{RUN}{run_id}"
    store.finish_claim(incident.incident_id, runbook_key(incident, beside), holder, result)
    # Its severity was changed meanwhile: then this run holds the runbook of that one, too.
    for key, claim in store.claims(incident.incident_id).items():
        if key.startswith(RUNBOOK) and claim.holder == holder and claim.state != "done":
            store.finish_claim(incident.incident_id, key, holder, result)


def give_up_runbook(
    incident: Incident, run_id: UUID, settings: Settings, beside: str | None = None
) -> None:
    """Release the claim: this run ended successfully without responding, so another may."""
    open_store(settings).release_claim(
        incident.incident_id, runbook_key(incident, beside), f"{RUN}{run_id}"
    )


def is_alive(holder: str) -> bool:
    """True while the run that holds a claim may still continue on its own."""
    try:
        with get_client(sync_client=True) as client:
            state = client.read_flow_run(UUID(holder.removeprefix(RUN))).state
    except ObjectNotFound:
        return False
    return state is not None and not state.is_final()
