"""The sweep: finds what should have happened to an open incident but did not, and does it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Protocol
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

from deployments.intake.intervals import USUAL, Timing
from schemas.errors import AeefError
from schemas.incident import DETECTED, Incident, Severity, route_for
from schemas.model import utc_now
from schemas.settings import Settings
from tasks.channels.channels import CHANNELS
from tasks.incident.claim_runbook import RUN, alive_of
from tasks.notify.page_on_call import channel_of
from tasks.notify.show_progress import show_end_of_run, show_overdue
from tasks.store import Store
from tasks.store.claim_keys import (
    PAGE,
    RUNBOOK,
    failure_key,
    keep_alive_key,
    not_started_key,
    page_key,
    runbook_key,
)

PAGES_AT_ONCE = 16
MOST_RUNS = 200
"""The most runs that Prefect returns at once."""

NOT_OVER = (StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING)
CLOCKS_DIFFER = timedelta(minutes=5)
"""The largest difference between the clocks of the intake and of Prefect's server."""

log = logging.getLogger("aeef.sweep")


class Pager(Protocol):
    """Sends a page for an incident, once."""

    def __call__(
        self, incident: Incident, reason: str | None = None, key: str | None = None
    ) -> None:
        """Send it; never raises."""


class Sweep:
    """Runs independent checks: if one fails, the others still run."""

    def __init__(
        self, settings: Settings, store: Store, page: Pager, timing: Timing = USUAL
    ) -> None:
        self.settings = settings
        self.store = store
        self.page = page
        self.timing = timing

    def run(self) -> None:
        """Do every check once."""
        checks: tuple[Callable[[], None], ...] = (
            self.send_late_pages,
            self.keep_alerts_alive,
            self.start_missing_runbooks,
            self.page_for_dead_runs,
            self.change_messages,
        )
        for check in checks:
            try:
                check()
            except (httpx.HTTPError, PrefectHTTPStatusError) as error:
                # Prefect does not answer: /health and the dispatcher's log report it.
                log.debug("%s: %s", check.__name__, type(error).__name__)
            except AeefError as error:
                log.error("%s: %s", check.__name__, error)
            except Exception:
                log.exception("%s failed; it is done again", check.__name__)

    def send_late_pages(self) -> None:
        """Send pages that no channel accepted, and those of an intake that died."""
        self._side_by_side(
            self.page,
            [
                incident
                for severity in Severity
                for incident in self.store.open_incidents_missing_claim(
                    f"{PAGE}{severity}", older_than=self.timing.page_late, severity=severity
                )
                if route_for(severity, incident.type, self.settings.routes).page
            ],
        )

    def keep_alerts_alive(self) -> None:
        """Send pages again in channels where an alert without updates expires."""
        keeping = [each for each in CHANNELS if each.keep_alive_every]
        if not any(channel.configured(self.settings) for channel in keeping):
            return
        for incident in self.store.incidents(open_only=True, limit=1000):
            page = self.store.claim_result(incident.incident_id, page_key(incident))
            channel = channel_of(page)
            if not (channel and channel.keep_alive_every and channel.configured(self.settings)):
                continue
            every = self.timing.keep_alive
            every = channel.keep_alive_every if every is None else every
            # This claim is never finished: its lease is the interval, for all intakes together.
            key = keep_alive_key(channel.name)
            if self.store.claim(incident.incident_id, key, str(uuid4()), every).state == "held":
                channel.keep_alive(incident, self.settings)

    def start_missing_runbooks(self) -> None:
        """Emit events again that reached Prefect but started no run; page when it is late."""
        missing = [
            (incident, utc_now() - self._due_since(incident))
            for severity in Severity
            for incident in self.store.open_incidents_missing_runbook(
                severity, older_than=self.timing.runbook_late
            )
        ]
        # Page before asking Prefect: Prefect may be what is broken.
        self._side_by_side(
            self._page_not_started,
            [incident for incident, age in missing if age > self.timing.runbook_missing],
        )
        if not missing or self.store.pending_events():
            return
        waiting = _incidents_with_runs(utc_now() - max(age for _, age in missing))
        for incident, age in missing:
            named = (str(incident.incident_id), incident.occurrence)
            if waiting is not None and named not in waiting:
                minute = int(age / self.timing.runbook_late)
                again = uuid5(incident.incident_id, f"{runbook_key(incident)}/{minute}")
                self.store.emit(incident.incident_id, DETECTED, {}, event_id=again)

    def _due_since(self, incident: Incident) -> datetime:
        """Since when its runbook has to run: its occurrence, or a word that came later."""
        began = self.store.opened_at(incident.incident_id)
        return max(began, incident.word_at or began)

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
                incident = self.store.incident(incident_id)
                reason = f"automation FAILED, take over: {holder} ended"
                self.page(incident, reason, _failure_key_of(holder))
                show_end_of_run(
                    str(incident_id),
                    self.settings,
                    run_id=holder.removeprefix(RUN),
                    said=f"{holder} ended",
                )

    def change_messages(self) -> None:
        """Change messages that could not be changed in time, for instance for a rate limit."""
        show_overdue(self.settings)

    def _page_not_started(self, incident: Incident) -> None:
        route = route_for(incident.severity, incident.type, self.settings.routes)
        if route.page or route.rollback:
            reason = "no runbook has started, take over"
            self.page(incident, reason, not_started_key(incident))

    def _side_by_side(
        self, work: Callable[[Incident], None], incidents: Iterable[Incident]
    ) -> None:
        """Do the work in parallel: with a slow pager the hundredth incident would wait for long."""
        if found := list(incidents):
            with ThreadPoolExecutor(PAGES_AT_ONCE, thread_name_prefix="sweep") as pool:
                list(pool.map(work, found))


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
