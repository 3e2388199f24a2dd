"""Runbook: a rollback that a person asks for."""

from __future__ import annotations

from functools import partial

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.parts.response import Response
from flows.parts.run_name import name_run, this_run_id
from schemas.settings import load_settings
from tasks.incident.claim_runbook import claim_runbook, finish_runbook
from tasks.incident.open_by_hand import open_for_rollback
from tasks.rollback.roll_back import dry_run_text, rehearse_rollback, roll_back_on_request


@flow(name="rollback", persist_result=True)
def rollback(
    target: str,
    to_commit: str | None = None,
    dry_run: bool = False,
    requested_by: str = "operator",
) -> State[str] | str:
    """Roll a target back to its last known good release, or to a commit that is proven good.

    target: a `[targets.NAME]` of aeef.toml. dry_run: only return what would be done.
    """
    settings, run_id = load_settings(), this_run_id()
    asked_by = requested_by or "operator"
    named = settings.target(target)
    if dry_run:
        return dry_run_text(rehearse_rollback(named, settings.home, to_commit))
    incident = open_for_rollback(target, requested_by, settings, run_id)
    name_run(incident)
    if handled := claim_runbook(incident, run_id, settings):
        return Completed(message=handled, name="AlreadyHandled")
    response = Response(incident, run_id, settings, "rollback")
    state = response.carry_out(
        partial(roll_back_on_request, response.do, named, settings, asked_by, to_commit)
    )
    finish_runbook(incident, run_id, settings)
    return state
