"""The configuration of one run in the warm worker: the environment of the run's process."""

from __future__ import annotations

from typing import Any

from prefect.client.schemas.objects import Flow, FlowRun, WorkPool
from prefect.client.schemas.responses import DeploymentResponse
from prefect.workers.base import BaseJobConfiguration
from pydantic import PrivateAttr

from deployments.prefect_patches.event_resources import Related, related_to
from deployments.prefect_patches.heartbeats import BY_THE_ENGINE
from deployments.prefect_patches.patches import is_active
from deployments.worker.run_environment import keep_allowed
from schemas.settings import PrefectPatch


class WarmJob(BaseJobConfiguration):
    """A run's settings; only `env` is used, the rest is for stock workers of the same pool."""

    _flow: Flow | None = PrivateAttr(default=None)
    _deployment: DeploymentResponse | None = PrivateAttr(default=None)

    def prepare_for_flow_run(
        self,
        flow_run: FlowRun,
        deployment: DeploymentResponse | None = None,
        flow: Flow | None = None,
        *more: Any,
        **named: Any,
    ) -> None:
        """As Prefect does; also pass our flow's entrypoint, so that the run need not ask for it."""
        keep_allowed(self, flow_run, deployment)
        super().prepare_for_flow_run(flow_run, deployment, flow, *more, **named)
        self._flow, self._deployment = flow, deployment
        if deployment and not deployment.pull_steps and ":" not in (deployment.entrypoint or ":"):
            self.env["PREFECT__FLOW_ENTRYPOINT"] = deployment.entrypoint
        if is_active(PrefectPatch.HEARTBEATS):
            self.env.pop(BY_THE_ENGINE, None)

    def related_to(self, flow_run: FlowRun, pool: WorkPool) -> list[Related]:
        """The related resources of the run's events."""
        if not is_active(PrefectPatch.EVENT_RESOURCES):
            return []
        return related_to(flow_run, self._flow, self._deployment, pool)
