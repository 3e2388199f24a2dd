"""Starts an incident's emergency patch as a separate run, because it waits for a person."""

from __future__ import annotations

from prefect.client.orchestration import get_client

from schemas.findings import findings_of, patch_of
from tasks.case import Case
from tasks.patch.hotfix_question import approval_link
from tasks.patch.prepare_patch import intent_of
from tasks.step import step, verbatim
from tasks.store.claim_keys import EMERGENCY_PATCH, of_occurrence

DEPLOYMENT = "emergency-patch/prepare"


@step("start the emergency patch", says=verbatim, timeout=120)
def start_emergency_patch(case: Case) -> str:
    """Start the flow, once per occurrence, however often this is called.

    Not for an alert with nothing to patch. Raises InvalidInput when the alert cannot be read,
    Withheld when the automation may not do it.
    """
    incident, alert = case.incident, case.alert
    if not findings_of(alert) and patch_of(alert) is None:
        return (
            "no emergency patch was started: the alert brings neither findings nor a patch; report"
            " it with --findings or --patch"
        )
    if target := case.settings.target_of(incident.service):
        case.require_on(intent_of(case, target))
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name(DEPLOYMENT)
        client.create_flow_run_from_deployment(
            deployment.id,
            parameters={"alert": {"incidentId": str(incident.incident_id)}},
            idempotency_key=of_occurrence(incident, f"{EMERGENCY_PATCH}:{incident.incident_id}"),
            tags=["aeef"],
        )
    return f"handed the emergency patch to Prefect: {approval_link(incident, case.settings)}"
