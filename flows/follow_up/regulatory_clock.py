"""Flows of the regulatory clocks: reminders, and computing them again when facts change."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.parts.runbook import Response, name_run, this_run_id
from schemas.settings import load_settings
from tasks.base.attempt_all import attempt_all
from tasks.breach.clocks.draft_notifications import draft_notifications
from tasks.breach.clocks.ring_clock import ring_clock
from tasks.breach.clocks.start_clocks import start_clocks, watch_clocks
from tasks.incident.open_incident import open_incident
from tasks.store import open_store


@flow(name="regulatory-clock", persist_result=True)
def regulatory_clock(incident_id: str, regime: str, deadline: str, due: str, point: str) -> str:
    """Send the reminder that a notification is due or overdue, unless it is no longer needed.

    due, point: of the timer that started this run, see `tasks/breach/clocks/timers.py`.
    """
    settings = load_settings()
    incident = open_store(settings).incident(incident_id)
    response = Response(incident, this_run_id(), settings)
    said = response.do(ring_clock, regime, deadline, due, point)
    return said or f"{regime}/{deadline}: nothing to say any longer"


@flow(name="regulatory-clocks", persist_result=True)
def regulatory_clocks(alert: dict[str, Any]) -> State[str]:
    """Compute the clocks again, create their timers, and draft the notifications.

    alert: `{"incidentId": …}`. Runs whenever a person sets a fact; safe to start by hand.
    """
    settings, run_id = load_settings(), this_run_id()
    response = Response(open_incident(alert, settings), run_id, settings)
    name_run(response.incident)

    def follow() -> None:
        attempt_all(
            lambda: response.do(start_clocks, "the person who set a fact"),
            lambda: response.do(draft_notifications),
        )

    return response.carry_out(follow)


@flow(name="regulatory-clock")
def watch() -> State[str]:
    """Create missing timers, and start those again that died before they sent a reminder."""
    return Completed(message=watch_clocks(load_settings()))
