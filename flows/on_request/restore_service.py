"""Runbook: a named person approves that isolated services are restored."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State

from flows.parts.runbook import Response, name_run, this_run_id
from schemas.settings import load_settings
from tasks.isolation.procedures import restore
from tasks.isolation.restore_service import incident_of, plan_restoration
from tasks.store import open_store


@flow(name="restore-service", persist_result=True)
def restore_service(
    target: str,
    approver: str = "",
    services: list[str] | None = None,
    dry_run: bool = False,
    incident: str | None = None,
) -> State[str] | str:
    """Restore isolated services, recorded on the incident that they were isolated for.

    approver: the name of the person who approves. services: none: all that are isolated.
    dry_run: only return what would be done. incident: record it on this incident instead.
    """
    settings = load_settings()
    named, wanted = settings.target(target), services or []
    if dry_run:
        return plan_restoration(named.name, wanted, approver, settings)
    found = open_store(settings).incident(incident or incident_of(named, settings))
    name_run(found)
    response = Response(found, this_run_id(), settings, "restore-service")
    return restore(response.do, named.name, wanted, approver, response.carry_out)
