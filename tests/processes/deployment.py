"""Deploys a sample flow at the Prefect server of a test, as `aeef deploy` does with ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prefect import Flow
from prefect.deployments.runner import RunnerDeployment
from prefect.types.entrypoint import EntrypointType

from fixtures.stack import Stack


def deployed(stack: Stack, flow: Flow[..., None]) -> str:
    """Deploy a flow of `flow.py`; the path of Prefect's API where the deployment is."""
    with stack.prefect_settings():
        deployment = RunnerDeployment.from_flow(
            flow,
            name="test",
            work_pool_name="aeef",
            job_variables={"env": {"GIVEN": "by the deployment"}},
            entrypoint_type=EntrypointType.MODULE_PATH,
        )
        deployment.entrypoint = f"processes.flow.{flow.fn.__name__}"
        return f"/deployments/{deployment.apply()}"


@contextmanager
def deployment_of(stack: Stack, flow: Flow[..., None]) -> Iterator[str]:
    """Deploy a flow; it, its deployment and their runs are gone afterwards."""
    path = deployed(stack, flow)
    flow_id = stack.prefect("GET", path)["flow_id"]
    try:
        yield path
    finally:
        stack.prefect("DELETE", f"/flows/{flow_id}")
