"""The sweep: finds what should have happened to an open incident and did not, and sees to it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol
from uuid import UUID, uuid4, uuid5

import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.exceptions import PrefectHTTPStatusError

from deployments.registry import DETECTED
from schemas.errors import AeefError
from schemas.incident import Incident
from schemas.model import utc_now
from schemas.route import Channel, route_for
from schemas.settings import Settings
from schemas.severity import Severity
from tasks import alertmanager
from tasks.claim_runbook import RUN, is_alive
from tasks.page_on_call import Page, failure_key, page_key
from tasks.store import Store

PAGE_LATE = timedelta(seconds=10)
RUNBOOK_LATE = timedelta(seconds=60)
RUNBOOK_MISSING = timedelta(minutes=5)
KEEP_ALIVE = timedelta(minutes=4)
NOT_STARTED = "page:not-started"

log = logging.getLogger("aeef.sweep")


class Pager(Protocol):
    """Sends a page for an incident, once."""

    def __call__(
        self, incident: Incident, reason: str | None = None, key: str | None = None
    ) -> None:
        """Send it; never raises."""


class Sweep:
    """Each check stands alone: what one cannot do does not keep the others from theirs."""

    def __init__(self, settings: Settings, store: Store, page: Pager) -> None:
        self.settings = settings
        self.store = store
        self.page = page

    def run(self) -> None:
        """Do every check once."""
        checks: tuple[Callable[[], None], ...] = (
            self.send_late_pages,
            self.keep_alerts_alive,
            self.start_missing_runbooks,
            self.tell_of_dead_runs,
        )
        for check in checks:
            try:
                check()
            except (AeefError, httpx.HTTPError, PrefectHTTPStatusError, OSError) as error:
                log.debug("%s: %s", check.__name__, type(error).__name__)

    def send_late_pages(self) -> None:
        """Pages that no channel took, and those of an intake that died."""
        for severity in Severity:
            for incident in self.store.open_incidents_missing_claim(
                f"page:{severity}", older_than=PAGE_LATE, severity=severity
            ):
                if route_for(severity, incident.type, self.settings.routes).page:
                    self.page(incident)

    def keep_alerts_alive(self) -> None:
        """Send our alerts to Alertmanager again: they would end by themselves."""
        if not alertmanager.configured(self.settings):
            return
        for incident in self.store.incidents(open_only=True, limit=1000):
            result = self.store.claim_result(incident.incident_id, page_key(incident))
            if result is None or Page.model_validate(result).channel != Channel.ALERTMANAGER:
                continue
            # Never finished: the lease is the clock, for all intakes together.
            claim = self.store.claim(
                incident.incident_id, "alertmanager:keep-alive", str(uuid4()), KEEP_ALIVE
            )
            if claim.state == "held":
                alertmanager.firing(incident, self.settings)

    def start_missing_runbooks(self) -> None:
        """Events that reached Prefect and yet made no run: emit them again, then page."""
        for severity in Severity:
            for incident in self.store.open_incidents_missing_claim(
                f"runbook:{severity}", older_than=RUNBOOK_LATE, severity=severity
            ):
                age = utc_now() - self.store.opened_at(incident.incident_id)
                route = route_for(severity, incident.type, self.settings.routes)
                if age > RUNBOOK_MISSING and (route.page or route.rollback):
                    self.page(incident, "no runbook has started, take over", NOT_STARTED)
                if self.store.pending_events() == 0 and not _waits_for_a_worker(incident):
                    minute = str(int(age / RUNBOOK_LATE))
                    self.store.emit(
                        incident.incident_id,
                        DETECTED,
                        {},
                        event_id=uuid5(incident.incident_id, f"{severity}/{minute}"),
                    )

    def tell_of_dead_runs(self) -> None:
        """Runs that ended without finishing their runbook, for instance in a crash."""
        for incident_id, holder in self.store.unfinished_claims("runbook:"):
            run_id = UUID(holder.removeprefix(RUN))
            key = failure_key(run_id)
            if self.store.claim_result(incident_id, key) is None and not is_alive(holder):
                incident = self.store.incident(incident_id)
                self.page(incident, f"automation FAILED, take over: run {run_id} ended", key)


def _waits_for_a_worker(incident: Incident) -> bool:
    """True when Prefect has a run for this incident that is not over."""
    not_over = FlowRunFilterStateType(
        any_=[StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING]
    )
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(
            flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=not_over)), limit=200
        )
    return len(runs) == 200 or any(
        (run.parameters.get("alert") or {}).get("incidentId") == str(incident.incident_id)
        for run in runs
    )
