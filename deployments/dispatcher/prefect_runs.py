"""What the dispatcher asks of Prefect about runs: each question once, with a deadline."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterEndTime,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.context import SettingsContext, get_settings_context
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.settings import PREFECT_API_REQUEST_TIMEOUT, PREFECT_CLIENT_MAX_RETRIES

from deployments.prefect_patches.heartbeats import HEARTBEAT
from deployments.registry.owner import Owner, owner_in

OURS = "aeef"
"""The tag of every run of ours."""
MOST_RUNS = 200
"""The most runs that Prefect returns at once."""
ANSWER_SECONDS = 10.0
PREFECT_ERRORS = (httpx.HTTPError, PrefectHTTPStatusError, OSError)


class PrefectRuns:
    """Asks over one kept connection. Prefect's client tries nothing again: the next round does."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._client: SyncPrefectClient | None = None
        present = get_settings_context()
        quick: dict[Any, Any] = {
            PREFECT_CLIENT_MAX_RETRIES: 0,
            PREFECT_API_REQUEST_TIMEOUT: ANSWER_SECONDS,
        }
        # Once: to copy Prefect's settings takes longer than a question.
        self._quick = SettingsContext(
            profile=present.profile, settings=present.settings.copy_with_update(updates=quick)
        )

    def close(self) -> None:
        """Close the connection; the next question opens another."""
        self._client = None
        self._open.close()

    @contextmanager
    def _prefect(self) -> Iterator[SyncPrefectClient]:
        with self._quick.model_copy():
            try:
                if self._client is None:
                    self._client = self._open.enter_context(get_client(sync_client=True))
                yield self._client
            except (*PREFECT_ERRORS, RuntimeError):
                self.close()
                raise

    def in_states(self, *states: StateType, ended_after: datetime | None = None) -> list[FlowRun]:
        """Our runs in these states."""
        wanted = FlowRunFilter(
            tags=FlowRunFilterTags(all_=[OURS]),
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(states))),
            end_time=FlowRunFilterEndTime(after_=ended_after) if ended_after else None,
        )
        with self._prefect() as client:
            return client.read_flow_runs(flow_run_filter=wanted, limit=MOST_RUNS)

    def by_id(self, ids: Collection[UUID]) -> dict[UUID, FlowRun]:
        """These runs, as far as Prefect has them."""
        found: dict[UUID, FlowRun] = {}
        wanted = list(ids)
        with self._prefect() as client:
            for first in range(0, len(wanted), MOST_RUNS):
                some = FlowRunFilterId(any_=wanted[first : first + MOST_RUNS])
                runs = client.read_flow_runs(flow_run_filter=FlowRunFilter(id=some))
                found |= {run.id: run for run in runs}
        return found

    def workers(self, pool: str) -> dict[str, bool]:
        """The pool's workers, by name; True: it sent a heartbeat lately."""
        with self._prefect() as client:
            try:
                workers = client.read_workers_for_work_pool(pool)
            except ObjectNotFound:
                return {}
        return {worker.name: worker.status == "ONLINE" for worker in workers}

    def owner_of(self, run: FlowRun) -> Owner | None:
        """The worker that took the run last; None when none says so."""
        if run.state and (owner := owner_in([run.state.message])):
            return owner
        with self._prefect() as client:
            states = client.read_flow_run_states(run.id)
        newest_first = sorted(states, key=lambda state: state.timestamp, reverse=True)
        return owner_in(state.message for state in newest_first)

    def last_heartbeat(self, run: FlowRun, since: datetime) -> datetime | None:
        """When the run's newest heartbeat was sent, as far as Prefect heard of it."""
        wanted = {
            "event": {"name": [HEARTBEAT]},
            "resource": {"id": [f"prefect.flow-run.{run.id}"]},
            "occurred": {"since": since.isoformat()},
        }
        with self._prefect() as client:
            body = {"filter": wanted, "limit": 1}
            events = client.request("POST", "/events/filter", json=body).json()["events"]
        return max((datetime.fromisoformat(each["occurred"]) for each in events), default=None)

    def steps_of(self, run_id: UUID) -> tuple[list[str], list[str]]:
        """The names of the run's steps that completed, and of those that began and did not."""
        is_it = FlowRunFilter(id=FlowRunFilterId(any_=[run_id]))
        with self._prefect() as client:
            found = client.read_task_runs(flow_run_filter=is_it, limit=MOST_RUNS)
        begun = [(each.start_time, each) for each in found if each.start_time]
        steps = [each for _, each in sorted(begun, key=lambda pair: pair[0])]
        done = [each.name for each in steps if each.state and each.state.is_completed()]
        return done, [each.name for each in steps if each.name not in done]

    def full_slots(self) -> list[str]:
        """The names of the global concurrency limits of which slots are taken."""
        with self._prefect() as client:
            found = client.read_global_concurrency_limits(limit=MOST_RUNS)
        return [limit.name for limit in found if limit.active_slots > 0]

    def free_limit(self, name: str) -> None:
        """Give back every slot of this limit."""
        with self._prefect() as client:
            change = GlobalConcurrencyLimitUpdate(active_slots=0)
            client.update_global_concurrency_limit(name=name, concurrency_limit=change)

    def change(self, run: FlowRun, state: State[None], *, force: bool = False) -> bool:
        """Set the state if the run is still as it was seen; False: it is not, or it is refused."""
        with self._prefect() as client:
            try:
                now = client.read_flow_run(run.id).state
                if now is None or run.state is None or now.id != run.state.id:
                    return False
                answer = client.set_flow_run_state(run.id, state, force=force)
            except ObjectNotFound:
                return False
        return answer.status.name == "ACCEPT"


def age_of(run: FlowRun, now: datetime) -> timedelta:
    """How long the run has been in its state, or has been due."""
    if run.state is None:
        return timedelta(0)
    due = run.state.state_details.scheduled_time if run.state.is_scheduled() else None
    return now - max(run.state.timestamp, due or run.state.timestamp)
