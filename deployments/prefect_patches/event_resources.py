"""The related resources of a run's events: passed on by the worker, so that no run asks Prefect."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from prefect.client.schemas.objects import Flow, VersionInfo, WorkPool, WorkQueue
from prefect.client.schemas.responses import DeploymentResponse
from prefect.events import related
from pydantic import BaseModel

if TYPE_CHECKING:
    from prefect.client.schemas.objects import FlowRun

CACHE = "RESOURCE_CACHE"
KINDS: dict[str, type[Any]] = {
    "flow": Flow,
    "deployment": DeploymentResponse,
    "work-queue": WorkQueue,
    "work-pool": WorkPool,
}
VERSIONED = ("branch", "base", "root", "version_id", "version_info")
"""Fields of a deployment in Prefect Cloud that its events repeat."""


class Related(BaseModel):
    """One related resource. asked_by: the key by which Prefect's client would look it up."""

    kind: str
    asked_by: str
    facts: dict[str, Any]


def related_to(
    flow_run: FlowRun, flow: Flow | None, deployment: DeploymentResponse | None, pool: WorkPool
) -> list[Related]:
    """The related resources of a run that the worker already knows."""
    found = [Related(kind="work-pool", asked_by=pool.name, facts=_facts(pool, "type"))]
    if flow is not None:
        found.append(Related(kind="flow", asked_by=str(flow.id), facts=_facts(flow, "tags")))
    if deployment is not None:
        facts = _facts(deployment, "tags", *VERSIONED)
        found.append(Related(kind="deployment", asked_by=str(deployment.id), facts=facts))
    # Not every API for a run returns the queue's name, and an event's resource must have a name.
    if flow_run.work_queue_id is not None and flow_run.work_queue_name is not None:
        queue = {"id": str(flow_run.work_queue_id), "name": flow_run.work_queue_name}
        found.append(Related(kind="work-queue", asked_by=queue["id"], facts=queue))
    return found


def _facts(thing: Flow | DeploymentResponse | WorkPool, *more: str) -> dict[str, Any]:
    return thing.model_dump(mode="json", include={"id", "name", *more})


def apply() -> None:
    """Nothing is replaced: Prefect's own cache is filled, for each run."""


def send_less_for_events(known: Iterable[Related]) -> None:
    """Put these into Prefect's cache, from which the events of this process take them."""
    cache = getattr(related, CACHE)
    for each in known:
        facts = dict(each.facts)
        if version := facts.get("version_info"):
            facts["version_info"] = VersionInfo.model_construct(**version)
        thing = KINDS[each.kind].model_construct(**facts)
        entry = {"kind": each.kind, "object": thing}
        cache[f"{each.kind}.{each.asked_by}"] = entry, datetime.now(UTC)
