"""Runbook: a hotfix for a vulnerability, from the branch to its deployment."""

from __future__ import annotations

from functools import partial
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.parts.response import Response
from flows.parts.run_name import name_run, this_run_id
from schemas.approvals import Approval
from schemas.errors import PatchError
from schemas.incident import Status
from schemas.patch import GateResults, PreparedPatch
from schemas.settings import load_settings
from tasks.base.attempt_all import attempt_all
from tasks.incident.change_status import change_status
from tasks.incident.claim_runbook import claim_runbook, finish_runbook, give_up_runbook
from tasks.incident.open_incident import open_incident
from tasks.isolation.restore_service import isolated_services
from tasks.patch.deploy_hotfix import deploy_hotfix, preserve_replaced
from tasks.patch.hotfix_question import besides, hotfix_question
from tasks.patch.prepare_patch import plan_for, prepare_patch
from tasks.patch.run_gates import refuse_unproven, run_gates, write_provenance
from tasks.recovery.authority import refuse_alteration
from tasks.store.claim_keys import EMERGENCY_PATCH


@flow(name="emergency-patch", persist_result=True)
def emergency_patch(
    alert: dict[str, Any], dry_run: bool = False, requested_by: str = ""
) -> State[str] | str:
    """Put a hotfix on a branch, test it, wait for a person's approval, deploy it, resolve.

    alert: `{"incidentId": …}`. dry_run: only return what would be changed.
    requested_by: the person who starts it by hand; empty when a runbook does.
    """
    settings, run_id = load_settings(), this_run_id()
    incident = open_incident(alert, settings)
    name_run(incident)
    if dry_run:
        return f"would patch {incident.service}: {plan_for(str(incident.incident_id), settings)}"
    if handled := claim_runbook(incident, run_id, settings, EMERGENCY_PATCH):
        return Completed(message=handled, name="AlreadyHandled")
    response = Response(incident, run_id, settings, EMERGENCY_PATCH)
    procedure = _Procedure(response, requested_by)
    state = response.carry_out(procedure.patch)
    end = finish_runbook if procedure.is_deployed else give_up_runbook
    end(incident, run_id, settings, EMERGENCY_PATCH)
    return state


class _Procedure:
    """The order of the steps; `is_deployed`: the hotfix was deployed, not rejected."""

    def __init__(self, response: Response, asked_by: str) -> None:
        self.response = response
        self._asked_by = asked_by
        self.is_deployed = False

    def patch(self) -> None:
        """Prepare, prove, ask, and only then change what runs.

        Code of the alert that cannot be run apart is proven after somebody has approved it.
        """
        do = self.response.do
        patch = do(prepare_patch, self._asked_by)
        if patch.commit is None:
            self._hand_over(patch)
            return
        gates = do(run_gates, patch)
        if not gates.not_run_because:
            self._prove(patch, gates)
        approval = self._approval(patch, gates)
        if approval.is_granted:
            if gates.not_run_because:
                self._prove(patch, do(run_gates, patch, approval.approved_by))
            # Evidence that cannot be kept does not hold up what people approved.
            attempt_all(
                partial(do, preserve_replaced, patch), partial(self._deploy, patch, approval)
            )

    def _prove(self, patch: PreparedPatch, gates: GateResults) -> None:
        """Write down what the gates said; raise PatchError when that proves nothing."""
        refuse_unproven(patch.target, self.response.do(write_provenance, patch.target, gates))

    def _hand_over(self, patch: PreparedPatch) -> None:
        """Nothing could be patched: raise PatchError if the route pages, else record it."""
        reason = (
            f"nothing could be patched automatically: {patch}. Branch {patch.branch} is ready in"
            f" the repository of {patch.target} for a fix by hand"
        )
        if self.response.route.page:
            raise PatchError(reason)
        self.response.note(reason)

    def _approval(self, patch: PreparedPatch, gates: GateResults) -> Approval:
        """What people decide. Who sent the patch does not count among those who approve it."""
        response = self.response
        author = response.alert.source or ""
        question = hotfix_question(patch, gates, self._asked_by, author, response.settings)
        return response.approval(question, besides(patch, gates))

    def _deploy(self, patch: PreparedPatch, approval: Approval) -> None:
        do = self.response.do
        target = self.response.settings.target(patch.target)
        refuse_alteration(self.response.incident, target, self.response.settings)
        by, under = approval.approved_by, str(approval.id)
        deployed = deploy_hotfix(do, patch, by, self.response.settings, under)
        self.is_deployed = True
        what = f"the hotfix {deployed.commit[:12]}, approved by {by}"
        serves = f"{patch.target} {deployed.does} {what}"
        if left := isolated_services(target, self.response.settings):
            waits = f"{', '.join(left)} stays isolated: `aeef restore` asks for the sign-offs"
            do(change_status, Status.MITIGATED, f"{serves}; {waits}")
            self.response.note(f"{serves}; {waits}")
        elif patch.unpatched:
            do(change_status, Status.MITIGATED, f"{serves}; some findings are left")
        else:
            do(change_status, Status.RESOLVED, serves)
