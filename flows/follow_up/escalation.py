"""Runbook: nobody acknowledged a page within the time of the severity table."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.parts.runbook import Response, name_run, this_run_id
from schemas.incident import Status
from schemas.settings import load_settings
from tasks.incident.open_incident import open_incident
from tasks.notify.page_on_call import page_on_call
from tasks.store.claim_keys import escalation_key


@flow(name="escalation", persist_result=True)
def escalation(alert: dict[str, Any]) -> State[str] | str:
    """Page the next person of the severity table, unless somebody took the incident.

    alert: `{"incidentId": …, "occurrence": …}`.
    """
    settings, run_id = load_settings(), this_run_id()
    response = Response(open_incident(alert, settings), run_id, settings)
    name_run(response.incident)
    if response.incident.status not in (Status.OPEN, Status.MITIGATED):
        return f"{response.incident.title} is {response.incident.status}: nobody is called"
    rang_for = str(alert.get("occurrence", ""))
    if rang_for.isdecimal() and int(rang_for) != response.incident.occurrence:
        return f"{response.incident.title}: an earlier occurrence; nobody is called for it"
    next_one = response.route.escalation
    response.start(
        page_on_call,
        f"not acknowledged within {next_one.after}: {next_one.to} is to take it",
        escalation_key(response.incident),
    )
    return response.conclude(None)
