"""The heartbeats of runs, sent by their worker: it knows which are alive, and they die with it.

Prefect's engine would send one as each run starts, from a thread that it waits for at the end.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from prefect.events import RelatedResource, emit_event, related

if TYPE_CHECKING:
    from prefect.client.schemas.objects import FlowRun

BY_THE_ENGINE = "PREFECT_FLOWS_HEARTBEAT_FREQUENCY"
"""Prefect's setting for its engine; None in a warm process, so that the engine sends none."""
HEARTBEAT = "prefect.flow-run.heartbeat"


def apply() -> None:
    """Unset the variable, so that processes forked from this one do not inherit it."""
    os.environ.pop(BY_THE_ENGINE, None)


def none_by_the_engine() -> dict[Any, None]:
    """The change to Prefect's settings for a run that turns the engine's heartbeats off."""
    from prefect import settings

    return {getattr(settings, BY_THE_ENGINE): None}


def send_heartbeat(flow_run: FlowRun) -> None:
    """Emit a heartbeat event for the run, with the same resources as Prefect's engine."""
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
