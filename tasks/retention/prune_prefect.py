"""Takes ended runs out of Prefect, with their states, logs and artifacts: the record has it all.

Prefect keeps them for ever, and gets slower with each. Runs of incidents that go on, or are held,
stay; so does whatever has not ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    FlowRunFilter,
    FlowRunFilterEndTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import TERMINAL_STATES, FlowRun
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound

from schemas.errors import IncidentNotFound
from schemas.model import utc_now
from schemas.settings import Settings
from tasks.store import Store, open_store

OURS = "aeef"
"""The tag of every run of ours."""
AT_ONCE = 100


class Pruned(NamedTuple):
    """runs, artifacts: that went. kept: old ones that stay, for their incident."""

    runs: int
    artifacts: int
    kept: int
    is_whole: bool = True

    @property
    def in_words(self) -> str:
        """One sentence."""
        more = "" if self.is_whole else "; more are old: the next run goes on"
        return (
            f"{self.runs} ended runs and {self.artifacts} artifacts taken out of Prefect, "
            f"{self.kept} kept for incidents that go on or are held{more}"
        )


def prune_prefect(settings: Settings, now: datetime | None = None, tag: str = OURS) -> Pruned:
    """Take out what ended so many days ago, at most so many runs; see `[retention]`.

    now, tag: for tests; else the time, and what all runs of ours have.
    """
    store, most = open_store(settings), settings.retention.prefect_most
    before = (now or utc_now()) - timedelta(days=settings.retention.prefect_days)
    wanted = FlowRunFilter(
        tags=FlowRunFilterTags(all_=[tag]),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(TERMINAL_STATES))),
        end_time=FlowRunFilterEndTime(before_=before),
    )
    runs, artifacts, kept = 0, 0, 0
    with get_client(sync_client=True) as client:
        # In an order in which what stays is met first once, and not again on the next page.
        while page := client.read_flow_runs(
            flow_run_filter=wanted, sort=FlowRunSort.START_TIME_ASC, limit=AT_ONCE, offset=kept
        ):
            free = [run for run in page if not _is_needed(run, store)]
            kept += len(page) - len(free)
            some = free[: most - runs]
            artifacts += _delete_artifacts(client, [run.id for run in some])
            for run in some:
                _delete(client, run.id)
            runs += len(some)
            if runs >= most:
                return Pruned(runs, artifacts, kept, is_whole=len(page) < AT_ONCE)
    return Pruned(runs, artifacts, kept)


def incidents_of(run: FlowRun) -> set[str]:
    """The incidents that a run says it is for, in its parameters."""
    given = run.parameters or {}
    alert = given.get("alert")
    inside = alert if isinstance(alert, dict) else {}
    found = (given.get("incident_id"), given.get("incidentId"), inside.get("incidentId"))
    return {str(each) for each in found if each}


def _is_needed(run: FlowRun, store: Store) -> bool:
    """True while an incident of the run goes on, or is held."""
    for each in incidents_of(run):
        try:
            incident = store.incident(each)
        except IncidentNotFound:  # disposed of, or never on record
            continue
        if not incident.status.is_over or store.retention.held_by(incident) is not None:
            return True
    return False


def _delete(client: SyncPrefectClient, run_id: UUID) -> None:
    """Its states and the runs of its tasks go with it; its logs, too, soon after."""
    try:
        client.delete_flow_run(run_id)
    except ObjectNotFound:  # somebody else did
        return


def _delete_artifacts(client: SyncPrefectClient, runs: Sequence[UUID]) -> int:
    """What these runs published; how many."""
    if not runs:
        return 0
    wanted = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=list(runs)))
    gone = 0
    while found := client.read_artifacts(artifact_filter=wanted, limit=AT_ONCE):
        before = gone
        for artifact in _ids(each.id for each in found):
            try:
                client.delete_artifact(artifact)
                gone += 1
            except ObjectNotFound:
                continue
        if gone == before:
            break
    return gone


def _ids(found: Iterable[UUID | None]) -> list[UUID]:
    return [each for each in found if each is not None]
