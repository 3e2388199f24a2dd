"""Watches runs: emits an event again that started none, and pages for runs that died."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID, uuid4, uuid5

import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.exceptions import PrefectHTTPStatusError

from deployments.dispatcher.intervals import USUAL, Timing
from schemas.errors import AeefError
from schemas.incident import DETECTED, Incident, Severity
from schemas.model import utc_now
from schemas.settings import Settings
from tasks.incident.claim_runbook import alive_of
from tasks.notify.page_on_call import ensure_page
from tasks.notify.show_progress import show_end_of_run
from tasks.store import Store
from tasks.store.claim_keys import RUN, RUNBOOK, failure_key, runbook_key

MOST_RUNS = 200
"""The most runs that Prefect returns at once."""

NOT_OVER = (StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING)
CLOCKS_DIFFER = timedelta(minutes=5)
"""The largest difference between the clocks of the intake and of Prefect's server."""

log = logging.getLogger("aeef.runs")


class RunWatch:
    """Runs independent checks: if one fails, the other still runs."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        timing: Timing = USUAL,
        page: Callable[[Incident, str, str], object] | None = None,
    ) -> None:
        """page: sends a page for an incident, with its reason and key, once."""
        self.settings = settings
        self.store = store
        self.timing = timing
        self.page = page or self._page

    def run(self) -> None:
        """Do every check once."""
        checks: tuple[Callable[[], None], ...] = (
            self.start_missing_runbooks,
            self.page_for_dead_runs,
        )
        for check in checks:
            try:
                check()
            except (httpx.HTTPError, PrefectHTTPStatusError) as error:
                # Prefect does not answer: `/ready` and the log of events say so.
                log.debug("%s: %s", check.__name__, type(error).__name__)
            except AeefError as error:
                log.error("%s: %s", check.__name__, error)
            except Exception:
                log.exception("%s failed; it is done again", check.__name__)

    def start_missing_runbooks(self) -> None:
        """Emit events again that reached Prefect but started no run."""
        missing = [
            (incident, utc_now() - self.store.runbook_due_since(incident))
            for severity in Severity
            for incident in self.store.open_incidents_missing_runbook(
                severity, older_than=self.timing.runbook_late
            )
        ]
        if not missing or self.store.pending_events():
            return
        waiting = _incidents_with_runs(utc_now() - max(age for _, age in missing))
        for incident, age in missing:
            named = (str(incident.incident_id), incident.occurrence)
            if waiting is not None and named not in waiting:
                minute = int(age / self.timing.runbook_late)
                again = uuid5(incident.incident_id, f"{runbook_key(incident)}/{minute}")
                self.store.emit(incident.incident_id, DETECTED, {}, event_id=again)

    def page_for_dead_runs(self) -> None:
        """Page for runs that ended without finishing their runbook, for instance in a crash."""
        held = [
            (incident_id, holder)
            for incident_id, holder in self.store.unfinished_claims(RUNBOOK)
            if self.store.claim_result(incident_id, _failure_key_of(holder)) is None
        ]
        alive = alive_of({holder for _, holder in held})
        for incident_id, holder in held:
            if holder in alive:
                continue
            # A run finishes its claim before it ends: check again, now that the run has ended.
            if (incident_id, holder) in self.store.unfinished_claims(RUNBOOK):
                self._hand_over(incident_id, holder)

    def _hand_over(self, incident_id: UUID, holder: str) -> None:
        """Let a person take over what this run left."""
        reason = f"automation FAILED, take over: {holder} ended"
        self.page(self.store.incident(incident_id), reason, _failure_key_of(holder))
        show_end_of_run(
            str(incident_id),
            self.settings,
            run_id=holder.removeprefix(RUN),
            said=f"{holder} ended",
        )

    def _page(self, incident: Incident, reason: str, key: str) -> None:
        sender = f"dispatcher {uuid4()}"
        try:
            ensure_page(incident.incident_id, self.settings, holder=sender, key=key, reason=reason)
        except AeefError as error:
            log.error("%s", error)  # the next round tries again


def _failure_key_of(holder: str) -> str:
    return failure_key(UUID(holder.removeprefix(RUN)))


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
