"""Runbook: a person asks for a target's services to be isolated."""

from __future__ import annotations

from functools import partial

from prefect import flow
from prefect.client.schemas.objects import State

from flows.parts.attempt_all import attempt_all
from flows.parts.runbook import Response, name_run, this_run_id
from schemas.incident import Status
from schemas.settings import load_settings
from tasks.incident.change_status import change_status
from tasks.incident.open_by_hand import open_for_service
from tasks.isolation.isolate_service import check_services, plan_isolation
from tasks.isolation.isolate_service import isolate_service as isolate
from tasks.isolation.preserve_service_state import preserve_service_state
from tasks.store import open_store


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
    dry_run: only say what would be done.
    incident: put it on this incident's record instead of one of its own.
    """
    settings, run_id = load_settings(), this_run_id()
    name, wanted = settings.target(target).name, services or []
    if dry_run:
        return plan_isolation(name, wanted, settings)
    check_services(name, wanted, settings)  # a typing error is no incident
    if incident:
        found = open_store(settings).incident(incident)
    else:
        found = open_for_service("Isolation", name, requested_by, reason, str(run_id), settings)
    name_run(found)
    response = Response(found, run_id, settings)

    def contain() -> None:
        """Evidence first; without it the isolation goes on all the same."""
        attempt_all(
            partial(response.do, preserve_service_state, name, wanted, "before-isolation"),
            partial(response.do, isolate, name, wanted),
        )
        response.do(change_status, Status.MITIGATED, "the services are isolated")

    return response.carry_out(contain)
