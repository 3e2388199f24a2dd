"""Runbook: a person asks for a target's services to be isolated."""

from __future__ import annotations

from functools import partial

from prefect import flow
from prefect.client.schemas.objects import State

from flows.parts.runbook import Response, name_run, this_run_id
from schemas.settings import load_settings
from tasks.incident.open_by_hand import open_for_service
from tasks.isolation.isolate_service import check_services, plan_isolation
from tasks.isolation.procedures import isolate


@flow(name="isolate-service", persist_result=True)
def isolate_service(
    target: str,
    services: list[str] | None = None,
    reason: str = "no reason given",
    dry_run: bool = False,
    requested_by: str = "operator",
    incident: str | None = None,
) -> State[str] | str:
    """Isolate services as the runbook does, with evidence; `restore-service` undoes it.

    services: Compose services of the target; none: all of them.
    dry_run: only return what would be done.
    incident: record it on this incident instead of opening a new one.
    """
    settings, run_id = load_settings(), this_run_id()
    name, wanted = settings.target(target).name, services or []
    if dry_run:
        return plan_isolation(name, wanted, settings)
    check_services(name, wanted, settings)  # first: a misspelt name must not open an incident
    found = open_for_service(
        "Isolation", name, requested_by, reason, settings, incident_id=incident, run=run_id
    )
    name_run(found)
    response = Response(found, run_id, settings, "isolate-service")
    return response.carry_out(
        partial(isolate, response.do, name, wanted, mitigates=True, asked_by=requested_by)
    )
