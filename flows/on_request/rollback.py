"""Runbook: a rollback that a person asks for."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.parts.go_back import go_back
from flows.parts.runbook import Response, name_run, this_run_id
from schemas.incident import Status
from schemas.settings import load_settings
from tasks.incident.change_status import change_status
from tasks.incident.claim_runbook import claim_runbook, finish_runbook
from tasks.incident.open_incident import open_for_rollback
from tasks.rollback.choose_release import choose_release


@flow(name="rollback", persist_result=True)
def rollback(
    target: str,
    to_commit: str | None = None,
    dry_run: bool = False,
    requested_by: str = "operator",
) -> State[str] | str:
    """Go back to the last known good release of a target, or to a commit that is proven good.

    target: a `[targets.NAME]` of aeef.toml. dry_run: only say what would be done.
    """
    settings = load_settings()
    if dry_run:
        plan = choose_release(settings.target(target), to_commit)
        return f"would roll {target} back to {plan.to_commit}: {plan.chosen_because}"
    run_id = this_run_id()
    incident = open_for_rollback(target, requested_by, str(run_id), settings)
    name_run(incident)
    if handled := claim_runbook(incident, run_id, settings):
        return Completed(message=handled, name="AlreadyHandled")
    response = Response(incident, run_id, settings)

    def roll_back() -> None:
        go_back(response, to_commit, mitigates=False)
        response.do(change_status, Status.RESOLVED, "the rollback is complete")

    state = response.carry_out(roll_back)
    finish_runbook(incident, run_id, settings)
    return state
