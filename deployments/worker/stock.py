"""Prefect's own process worker, which gives runs no environment but an allowed one."""

from __future__ import annotations

from typing import Any

from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import DeploymentResponse
from prefect.workers.process import ProcessJobConfiguration, ProcessWorker

from deployments.worker.run_environment import keep_allowed
from schemas.settings import Settings


class StockJob(ProcessJobConfiguration):
    """A run's settings."""

    def prepare_for_flow_run(
        self,
        flow_run: FlowRun,
        deployment: DeploymentResponse | None = None,
        *more: Any,
        **named: Any,
    ) -> None:
        """As Prefect does, after what is not allowed is taken out."""
        keep_allowed(self, flow_run, deployment)
        self.working_dir = None
        super().prepare_for_flow_run(flow_run, deployment, *more, **named)


def stock_worker(settings: Settings, name: str) -> ProcessWorker:
    """Prefect's worker with those settings of runs."""
    worker = ProcessWorker(settings.worker.pool, name=name, limit=settings.worker_limit)
    worker.job_configuration = StockJob
    return worker
