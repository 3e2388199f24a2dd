"""The heartbeats of runs, sent by their worker: it knows which of them live, and dies with them.

Prefect's engine would send one as each run starts, from a thread that it waits for at the end.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from prefect.events import RelatedResource, emit_event, related

if TYPE_CHECKING:
    from prefect.client.schemas.objects import FlowRun

BY_THE_ENGINE = "PREFECT_FLOWS_HEARTBEAT_FREQUENCY"
"""Prefect's setting for its engine; None in a warm process: it sends none."""
HEARTBEAT = "prefect.flow-run.heartbeat"


def apply() -> None:
    """What is forked from this process must not find it."""
    os.environ.pop(BY_THE_ENGINE, None)


def none_by_the_engine() -> dict[Any, None]:
    """What is to be changed in Prefect's settings for a run."""
    from prefect import settings

    return {getattr(settings, BY_THE_ENGINE): None}


def send_heartbeat(flow_run: FlowRun) -> None:
    """Say that the run goes on; what the event names is what Prefect's engine names."""
    flow = {
        "prefect.resource.id": f"prefect.flow.{flow_run.flow_id}",
        "prefect.resource.role": "flow",
    }
    emit_event(
        event=HEARTBEAT,
        resource={
            "prefect.resource.id": f"prefect.flow-run.{flow_run.id}",
            "prefect.resource.name": flow_run.name,
        },
        related=[
            RelatedResource(flow),
            *related.tags_as_related_resources(set(flow_run.tags)),
        ],
    )
