"""Runbook: a named person approves that isolated services are restored."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.parts.response import Response
from flows.parts.run_name import name_run, this_run_id
from schemas.settings import load_settings
from tasks.approvals.rules import knows_people
from tasks.isolation.procedures import restore
from tasks.isolation.restore_service import (
    incident_of,
    isolation_of,
    plan_restoration,
    restore_question,
)
from tasks.store import open_store


@flow(name="restore-service", persist_result=True)
def restore_service(
    target: str,
    approver: str = "",
    services: list[str] | None = None,
    dry_run: bool = False,
    incident: str | None = None,
    requested_by: str = "",
) -> State[str] | str:
    """Restore isolated services, recorded on the incident that they were isolated for.

    approver: a name, where nobody is configured who may approve; otherwise leave it empty: the run
    asks, and waits for their signatures. services: none: all that are isolated.
    dry_run: only return what would be done. incident: record it on this incident instead.
    requested_by: the person who starts it: their own signature does not count.
    """
    settings = load_settings()
    named, wanted = settings.target(target), services or []
    if dry_run:
        return plan_restoration(named.name, wanted, approver, settings)
    found = open_store(settings).incident(incident or incident_of(named, settings))
    name_run(found)
    response = Response(found, this_run_id(), settings, "restore-service")
    under = ""
    if knows_people(settings) and not approver:
        isolation_of(named, settings)
        question = restore_question(named, wanted, settings, incident or "", requested_by)
        approval = response.approval(question)
        if not approval.is_granted:
            return Completed(message=f"{named.name} stays isolated", name="Rejected")
        under = str(approval.id)
    return restore(response.do, named.name, wanted, approver, response.carry_out, under)
