"""Each deployment as Prefect is to have it, from its row in the catalog and the settings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Any
from zlib import crc32

from prefect.client.schemas.responses import DeploymentResponse
from prefect.deployments.runner import RunnerDeployment
from prefect.schedules import Cron, Interval
from prefect.types.entrypoint import EntrypointType
from prefect.utilities.callables import ParameterSchema

from deployments.prefect_server.settings import HEARTBEAT_SECONDS
from deployments.registry.catalog import FLOWS, OLD_NAMES, FlowRow, ScheduledRow, imported
from schemas.settings import Settings

_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_ALIKE = (
    "version",
    "description",
    "entrypoint",
    "work_pool_name",
    "job_variables",
    "tags",
    "parameters",
    "enforce_parameter_schema",
)


def wanted_deployment(row: FlowRow | ScheduledRow, settings: Settings) -> RunnerDeployment:
    """The row's deployment; Prefect has it when it was applied."""
    flow = imported(row.entrypoint)
    is_old = row in OLD_NAMES
    deployment = RunnerDeployment.from_flow(
        flow,
        name=row.deployment.removeprefix(f"{row.flow}/"),
        **schedule_of(row, settings),
        description=_old(row.flow) if is_old else flow.description,
        version=version("aeef-runbooks"),
        tags=["aeef", "old name"] if is_old else ["aeef"],
        work_pool_name=settings.worker.pool,
        enforce_parameter_schema=False,
        # For any worker: a run without heartbeats would never be found dead.
        job_variables={"env": {"PREFECT_FLOWS_HEARTBEAT_FREQUENCY": HEARTBEAT_SECONDS}},
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    deployment.entrypoint = row.entrypoint
    # A deployment takes its form from the flow alone, which knows no settings; there is no public
    # way to give it another one.
    deployment._parameter_openapi_schema = with_targets(flow.parameters, settings)  # noqa: SLF001
    return deployment


def _old(flow: str) -> str:
    new = next(row.deployment for row in FLOWS if row.flow == flow)
    return f"The old name of `{new}`, for scripts that use it."


def with_targets(schema: ParameterSchema, settings: Settings) -> ParameterSchema:
    """A form's schema in which `target` is a list of those that are configured.

    Only the form: a run may name one that was configured since.
    """
    found = schema.model_copy(deep=True)
    if settings.targets and "target" in found.properties:
        found.properties["target"]["enum"] = sorted(settings.targets)
    return found


def is_changed(present: DeploymentResponse, wanted: RunnerDeployment) -> bool:
    """True when the deployment that Prefect has is not the one that is wanted.

    Whatever applying it would set back counts: also what somebody else made its runs do.
    """
    form = wanted._parameter_openapi_schema  # noqa: SLF001 (see `wanted_deployment`)
    return (
        any(getattr(present, name) != getattr(wanted, name) for name in _ALIKE)
        or bool(present.pull_steps or present.global_concurrency_limit)  # ours have none
        or present.parameter_openapi_schema != form.model_dump(exclude_unset=True)
        or [(each.schedule, each.active) for each in present.schedules]
        != [(each.schedule, each.active) for each in wanted.schedules or ()]
    )


def schedule_of(row: FlowRow | ScheduledRow, settings: Settings) -> dict[str, Any]:
    """When Prefect begins it by itself."""
    if isinstance(row, FlowRow):
        return {}
    if cron := row.cron(settings):
        return {"schedule": Cron(cron, timezone=settings.calendar.timezone)}
    every = row.every(settings)
    if not every:
        return {"interval": None}
    return {"schedule": Interval(timedelta(seconds=every), anchor_date=_anchor(row, every))}


def _anchor(row: ScheduledRow, every: float) -> datetime:
    """From when it is counted: always the same, for what is counted from now never comes.

    `aeef up` deploys at each start: with one each day, no weekly run would ever begin. Those of
    one interval are spread over it by their names.
    """
    return _EPOCH + timedelta(seconds=crc32(row.deployment.encode()) % max(1, int(every)))


def in_words(row: ScheduledRow, settings: Settings) -> str:
    """When it runs, for people."""
    if cron := row.cron(settings):
        return f"by cron '{cron}' in {settings.calendar.timezone}"
    every = row.every(settings)
    return f"every {every:g} s" if every else "only when it is asked for"
