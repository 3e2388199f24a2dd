"""Watches every run between two owners: what is safe to go on with goes on, or a person is called.

A worker watches the runs that it has; this watches those that no worker has any longer.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID, uuid4, uuid5

from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import AwaitingRetry, Cancelled, Crashed

from deployments.dispatcher.decide import SILENT_AFTER, Deed
from deployments.dispatcher.prefect_runs import PREFECT_ERRORS, PrefectRuns, age_of
from deployments.dispatcher.run_looks import OLD_AFTER, YOUNG, RunLooks
from deployments.dispatcher.wording import of_call, of_death, of_end, of_take_over, of_waiting
from deployments.registry.owner import NO_HEARTBEAT, NOBODY_HAS_IT
from schemas.errors import AeefError, IncidentNotFound
from schemas.incident import Incident
from schemas.model import utc_now
from schemas.settings import Settings
from tasks.notify.page_on_call import ensure_page
from tasks.notify.show_progress import show_end_of_run
from tasks.store import Store
from tasks.store.claim_keys import RUN, RUNBOOK, failure_key, waiting_key

LOOK_AT_RUNNING_SECONDS = 30.0

log = logging.getLogger("aeef.runs")


class BetweenOwners:
    """Looks at the runs every few seconds. Raises nothing: the next round does what failed."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        page: Callable[[Incident, str, str], object] | None = None,
    ) -> None:
        """page: sends a page for an incident, with its reason and key, once."""
        self.settings = settings
        self.store = store
        self.page = page or self._page
        self._runs = PrefectRuns()
        self._looked_at_running = float("-inf")
        self._looks = RunLooks(self._runs, settings, store)
        self._settled: set[UUID] = set()

    def run(self) -> None:
        """Do every check once."""
        for check in (self.end_what_nobody_has, self.take_over, self.call_people):
            try:
                check()
            except PREFECT_ERRORS as error:
                # Prefect does not answer: the dispatcher's own log reports it.
                log.debug("%s: %s", check.__name__, type(error).__name__)
            except AeefError as error:
                log.error("%s: %s", check.__name__, error)
            except Exception:
                log.exception("%s failed; it is done again", check.__name__)

    def close(self) -> None:
        """Close the connection to Prefect."""
        self._runs.close()

    # -- runs that nobody has --------------------------------------------------------------------

    def end_what_nobody_has(self) -> None:
        """Mark as Crashed what waits for a worker that is gone, and end what nobody cancels."""
        now = utc_now()
        for run in self._unended(now):
            match self._looks.decide(run, now):
                case Deed.CRASH:
                    self._crash(run)
                case Deed.CANCEL:
                    message = f"{NOBODY_HAS_IT}its worker did not end it"
                    if self._runs.change(run, Cancelled(message=message), force=True):
                        log.warning("run %s was Cancelling, and nobody ended it", run.id)

    def _unended(self, now: datetime) -> list[FlowRun]:
        states = [StateType.PENDING, StateType.CANCELLING]
        if time.monotonic() - self._looked_at_running > LOOK_AT_RUNNING_SECONDS:
            states.append(StateType.RUNNING)
        found = [run for run in self._runs.in_states(*states) if age_of(run, now) > YOUNG]
        if StateType.RUNNING not in states:
            return found
        self._looked_at_running = time.monotonic()
        return [
            run
            for run in found
            if run.state_type != StateType.RUNNING or age_of(run, now) > SILENT_AFTER
        ]

    def _crash(self, run: FlowRun) -> None:
        assert run.state is not None
        what = f"{NOBODY_HAS_IT}no worker began it"
        message = what if run.state.is_pending() else NO_HEARTBEAT
        if self._runs.change(run, Crashed(message=message)):
            log.warning("run %s was %s, and no worker has it", run.id, run.state.name)

    # -- runs that died --------------------------------------------------------------------------

    def take_over(self) -> None:
        """Let another worker go on with each run that died, as often as is configured."""
        now = utc_now()
        died = self._runs.in_states(StateType.CRASHED, ended_after=now - OLD_AFTER)
        for run in died:
            if run.state is None or run.state.id in self._settled:
                continue
            match self._looks.decide(run, now):
                case Deed.TAKE_OVER:
                    self._go_on(run)
                case Deed.CALL:
                    self._settled.add(run.state.id)
        self._settled &= {run.state.id for run in died if run.state}

    def _go_on(self, run: FlowRun) -> None:
        """The same run again: its completed steps are not done again."""
        assert run.state is not None
        incident = self._incident_of(run)
        if run.deployment_id is None or (incident is not None and incident.status.is_over):
            self._settled.add(run.state.id)
            return
        most = self.settings.takeover.attempts
        taken = self.store.take_over(run.id, run.state.id, most)
        if taken is None or not taken.is_mine:
            return
        said = of_take_over(run, taken.number, most)
        due = max(utc_now(), run.expected_start_time or utc_now())  # a timer keeps its time
        if not self._runs.change(run, AwaitingRetry(scheduled_time=due, message=said)):
            return
        log.warning("%s", said)
        if incident is not None:
            entry = uuid5(run.state.id, "goes on")
            self.store.record_action(incident.incident_id, said, entry_id=entry)

    def _incident_of(self, run: FlowRun) -> Incident | None:
        alert = run.parameters.get("alert")
        incident_id = alert.get("incidentId") if isinstance(alert, dict) else None
        try:
            return self.store.incident(str(incident_id)) if incident_id else None
        except IncidentNotFound:
            return None

    # -- runs that need a person -----------------------------------------------------------------

    def call_people(self) -> None:
        """Page for runs that ended without finishing their runbook, and do not go on by themselves.

        Also for one that is to go on, and that no worker begins.
        """
        held = self._unfinished()
        if not held:
            return
        runs, now = self._runs.by_id({run_id for _, run_id in held}), utc_now()
        for incident_id, run_id in held:
            run = runs.get(run_id)
            if run is not None and self._goes_on(run, now):
                continue
            if self.store.claim_result(incident_id, _page_of(run_id, run)) is not None:
                continue  # somebody was called for this attempt of it
            # A run finishes its claim before it ends: check again, now that the run has ended.
            if (incident_id, run_id) in self._unfinished():
                self._call(incident_id, run_id, run)

    def _unfinished(self) -> list[tuple[UUID, UUID]]:
        """Incident and run of each unfinished runbook."""
        return _runs_of(self.store.unfinished_claims(RUNBOOK))

    def _goes_on(self, run: FlowRun, now: datetime) -> bool:
        """True while nobody has to be called; runs that somebody has are looked at elsewhere."""
        if run.state and not (run.state.is_final() or run.state.is_scheduled()):
            return True
        return self._looks.decide(run, now) is not Deed.CALL

    def _call(self, incident_id: UUID, run_id: UUID, run: FlowRun | None) -> None:
        incident = self.store.incident(incident_id)
        if run is not None and run.state is not None and run.state.is_scheduled():
            self.page(incident, of_waiting(run, utc_now()), _page_of(run_id, run))
            return
        ended = of_end(run_id, run, self.store.times_taken_over(run_id))
        if run is not None:
            done, left = self._runs.steps_of(run_id)
            text, entry = of_death(ended, done, left), uuid5(run_id, ended)
            self.store.record_action(incident_id, text, entry_id=entry)
        self.page(incident, of_call(ended, run), _page_of(run_id, run))
        show_end_of_run(str(incident_id), self.settings, run_id=str(run_id), said=ended)

    def _page(self, incident: Incident, reason: str, key: str) -> None:
        sender = f"dispatcher {uuid4()}"
        try:
            ensure_page(incident.incident_id, self.settings, holder=sender, key=key, reason=reason)
        except AeefError as error:
            log.error("%s", error)  # the next round tries again


def _page_of(run_id: UUID, run: FlowRun | None) -> str:
    """The page for what the run came to: one for each time that it began."""
    if run is not None and run.state is not None and run.state.is_scheduled():
        return waiting_key(run_id, run.run_count)
    return failure_key(run_id, run.run_count if run is not None else 1)


def _runs_of(claims: Iterable[tuple[UUID, str]]) -> list[tuple[UUID, UUID]]:
    found = []
    for incident_id, holder in claims:
        try:
            found.append((incident_id, UUID(holder.removeprefix(RUN))))
        except ValueError:  # by hand, without Prefect: whoever does it sees it fail
            continue
    return found
