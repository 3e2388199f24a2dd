"""Runbook: an incident was resolved; what it teaches is asked, and what the record says drafted."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.parts.prefect_steps import run_step
from flows.parts.run_name import name_run
from schemas.settings import load_settings
from tasks.incident.open_incident import open_incident
from tasks.review.draft_review import draft_review


@flow(name="review", persist_result=True)
def review(alert: dict[str, Any]) -> State[str]:
    """Begin the review of a P1 or P2, and draft the one that was begun. Nobody is paged for it.

    alert: `{"incidentId": …}`. Safe to start by hand, and again.
    """
    incident = open_incident(alert, load_settings())
    name_run(incident)
    return Completed(message=run_step(draft_review, str(incident.incident_id)))
