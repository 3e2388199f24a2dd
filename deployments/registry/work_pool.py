"""The Prefect work pool that every deployment belongs to, and its job variables."""

from __future__ import annotations

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectNotFound
from prefect.workers.process import ProcessWorker

from schemas.settings import WorkerKind, WorkerSettings

WARM = "aeef-warm"
"""The type of our own worker, and of its pools."""


TEMPLATE = {
    "job_configuration": {"env": "{{ env }}"},
    "variables": {
        "type": "object",
        "properties": {
            "env": {
                "title": "Environment Variables",
                "description": "Variables that a run's process gets beside the worker's own.",
                "type": "object",
            }
        },
    },
}
"""The settings of a run: few, because Prefect validates all of them for each run it creates."""


def ensure_work_pool(client: SyncPrefectClient, settings: WorkerSettings) -> None:
    """Create the pool if there is none.

    An existing pool is left unchanged, whatever its type: runs that wait in it, and runs that are
    retried after an upgrade, belong to it. Our job template is that of Prefect's process worker,
    so that either worker can serve either pool.
    """
    try:
        client.read_work_pool(settings.pool)
    except ObjectNotFound:
        kind = WARM if settings.kind is WorkerKind.WARM else "process"
        template = TEMPLATE if kind == WARM else ProcessWorker.get_default_base_job_template()
        pool = WorkPoolCreate(name=settings.pool, type=kind, base_job_template=template)
        client.create_work_pool(pool, overwrite=True)
