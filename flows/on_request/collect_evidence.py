"""Runbook: a person asks for evidence of the state of services; nothing is changed."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State

from flows.parts.runbook import Response, name_run, this_run_id
from schemas.settings import load_settings
from tasks.incident.open_by_hand import open_for_service
from tasks.isolation.preserve_service_state import preserve_service_state


@flow(name="collect-evidence", persist_result=True)
def collect_evidence(
    target: str,
    services: list[str] | None = None,
    requested_by: str = "operator",
    incident: str | None = None,
) -> State[str] | str:
    """Keep logs, processes, file changes and networks of a target's containers as evidence.

    services: Compose services of the target; none: all of them.
    incident: add it to this incident's evidence instead of opening a new incident.
    """
    settings, run_id = load_settings(), this_run_id()
    name = settings.target(target).name
    found = open_for_service(
        "Collection of evidence",
        name,
        requested_by,
        "as it stands",
        settings,
        incident_id=incident,
        run=run_id,
    )
    name_run(found)
    response = Response(found, run_id, settings, "collect-evidence")
    return response.carry_out(
        lambda: response.do(preserve_service_state, name, services or [], "as-it-stands")
    )
