"""Runbook: an incident was resolved."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.parts.response import Response
from flows.parts.run_name import name_run, this_run_id
from schemas.settings import load_settings
from tasks.incident.open_incident import open_incident
from tasks.notify.stand_down import stand_down


@flow(name="resolution", persist_result=True)
def resolution(alert: dict[str, Any]) -> State[str]:
    """Resolve every page of the incident that the intake has not resolved already.

    alert: `{"incidentId": …}`.
    """
    settings, run_id = load_settings(), this_run_id()
    response = Response(open_incident(alert, settings), run_id, settings)
    name_run(response.incident)
    response.start(stand_down)
    return response.conclude(None)
