"""Watches that each incident gets a run: emits an event again that started none."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from uuid import uuid5

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType

from deployments.dispatcher.intervals import USUAL, Timing
from schemas.incident import DETECTED, Severity
from schemas.model import utc_now
from schemas.settings import Settings
from tasks.store import Store
from tasks.store.claim_keys import runbook_key

MOST_RUNS = 200
"""The most runs that Prefect returns at once."""

NOT_OVER = (StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING)
CLOCKS_DIFFER = timedelta(minutes=5)
"""The largest difference between the clocks of the intake and of Prefect's server."""

log = logging.getLogger("aeef.runs")


class RunWatch:
    """Sees to it that each incident gets a run; `between_owners` watches those that there are."""

    def __init__(self, settings: Settings, store: Store, timing: Timing = USUAL) -> None:
        self.settings = settings
        self.store = store
        self.timing = timing

    def start_missing_runbooks(self) -> None:
        """Emit events again that reached Prefect but started no run."""
        missing = [
            (incident, utc_now() - self.store.runbook_due_since(incident))
            for severity in Severity
            for incident in self.store.open_incidents_missing_runbook(
                severity, older_than=self.timing.runbook_late
            )
            if not self.store.pending_events(incident.incident_id)
        ]
        if not missing:
            return
        waiting = _incidents_with_runs(utc_now() - max(age for _, age in missing))
        for incident, age in missing:
            named = (str(incident.incident_id), incident.occurrence)
            if waiting is not None and named not in waiting:
                minute = int(age / self.timing.runbook_late)
                again = uuid5(incident.incident_id, f"{runbook_key(incident)}/{minute}")
                self.store.emit(incident.incident_id, DETECTED, {}, event_id=again)


def _incidents_with_runs(since: datetime) -> set[tuple[str, int]] | None:
    """Id and occurrence of each incident with a run that may start or go on, or was cancelled.

    since: when the oldest of the incidents was opened. Returns None if there are too many runs.
    """
    states = [*NOT_OVER, StateType.CANCELLING, StateType.CANCELLED]
    wanted = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=states)),
        expected_start_time=FlowRunFilterExpectedStartTime(after_=since - CLOCKS_DIFFER),
    )
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(flow_run_filter=wanted, limit=MOST_RUNS)
    if len(runs) == MOST_RUNS:
        return None
    alerts = [run.parameters.get("alert") for run in runs]
    return {
        (str(alert.get("incidentId")), alert.get("occurrence", 1))
        for alert in alerts
        if isinstance(alert, dict)
    }
