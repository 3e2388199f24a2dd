"""The heartbeats of runs, sent by their worker: it knows which of them live, and dies with them.

Prefect's engine would send one as each run starts, from a thread that it waits for at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefect.events import RelatedResource, emit_event
from prefect.events.related import tags_as_related_resources
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY

if TYPE_CHECKING:
    from prefect.client.schemas.objects import FlowRun

BY_THE_ENGINE = PREFECT_FLOWS_HEARTBEAT_FREQUENCY
"""None in a warm process: its engine sends none."""
HEARTBEAT = "prefect.flow-run.heartbeat"


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
        related=[RelatedResource(flow), *tags_as_related_resources(set(flow_run.tags))],
    )
