"""Registers deployments and automations with Prefect; doing it again changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zlib import crc32

from prefect.automations import AutomationCore
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import StateType
from prefect.deployments.runner import RunnerDeployment
from prefect.events.actions import ActionTypes, ChangeFlowRunState, RunDeployment
from prefect.exceptions import ObjectNotFound
from prefect.schedules import Cron, Interval
from prefect.types.entrypoint import EntrypointType
from prefect.utilities.callables import ParameterSchema

from deployments.prefect_server.settings import HEARTBEAT_SECONDS
from deployments.registry.automations import GONE, AutomationRow, automations
from deployments.registry.catalog import (
    FLOWS,
    GONE_DEPLOYMENTS,
    OLD_NAMES,
    SCHEDULED,
    FlowRow,
    ScheduledRow,
    imported,
)
from deployments.registry.owner import NO_HEARTBEAT
from deployments.registry.work_pool import ensure_work_pool
from schemas.settings import Settings
from tasks.rollback.prefect_limit import limit_of

_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def register(settings: Settings, report: Callable[[str], None] = print) -> None:
    """Create or update the work pool, limits, deployments and automations. Safe to repeat."""
    with get_client(sync_client=True) as client:
        ensure_work_pool(client, settings.worker)
        for target in () if settings.prefect_embedded else settings.targets:
            client.upsert_global_concurrency_limit_by_name(limit_of(target), limit=1)
        ids = {}
        for row in FLOWS:
            ids[row.flow] = _deployment(row, settings)
            report(f"deployment {row.deployment}")
        for row in OLD_NAMES:
            _deployment(row, settings)
        for scheduled in SCHEDULED:
            _deployment(scheduled, settings)
            report(f"deployment {scheduled.deployment} runs {in_words(scheduled, settings)}")
        names = {row.flow: row.deployment for row in FLOWS}
        rules = automations()
        for rule in rules:
            _automation(client, rule, _actions(rule, ids))
            does = f"runs {names[rule.flow]}" if rule.flow else "marks the run Crashed"
            report(f"automation '{rule.name}' {does}")
        _remove_what_is_gone(client, report)


def _remove_what_is_gone(client: SyncPrefectClient, report: Callable[[str], None]) -> None:
    for name in GONE:
        for present in client.read_automations_by_name(name):
            client.delete_automation(present.id)
            report(f"automation '{name}' removed: the intake escalates")
    for name in GONE_DEPLOYMENTS:
        try:
            found = client.read_deployment_by_name(name)
        except ObjectNotFound:
            continue
        client.delete_deployment(found.id)
        report(f"deployment {name} removed: the intake escalates")


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


def _deployment(row: FlowRow | ScheduledRow, settings: Settings) -> UUID:
    flow = imported(row.entrypoint)
    is_old = row in OLD_NAMES
    deployment = RunnerDeployment.from_flow(
        flow,
        name=row.deployment.removeprefix(f"{row.flow}/"),
        **schedule_of(row, settings),
        description=_old(row.flow) if is_old else flow.description,
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
    found = deployment.apply()
    assert isinstance(found, UUID)  # a coroutine only inside an event loop
    return found


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


def _actions(row: AutomationRow, ids: Mapping[str, UUID]) -> list[ActionTypes]:
    if row.flow is None:
        return [ChangeFlowRunState(state=StateType.CRASHED, message=NO_HEARTBEAT)]
    alert = {
        "__prefect_kind": "json",
        "value": {"__prefect_kind": "jinja", "template": row.template},
    }
    return [RunDeployment(deployment_id=ids[row.flow], parameters={"alert": alert})]


def _automation(client: SyncPrefectClient, row: AutomationRow, actions: list[ActionTypes]) -> None:
    wanted = AutomationCore(
        name=row.name, description=row.description, trigger=row.trigger, actions=actions
    )
    present = client.read_automations_by_name(row.name)
    if not present:
        client.create_automation(wanted)
        return
    first, *doubles = present
    for double in doubles:
        client.delete_automation(double.id)
    # What an operator switched off stays off; /health and `aeef doctor` report it.
    wanted = wanted.model_copy(update={"enabled": first.enabled})
    # Only if it differs: an update makes Prefect forget what it counted, such as heartbeats.
    if differs(first, wanted):
        client.update_automation(first.id, wanted)


def differs(present: AutomationCore, wanted: AutomationCore) -> bool:
    """True when the automation that Prefect has is not the one that is wanted.

    Sets are compared as sets: as JSON their order differs from process to process by chance, and
    an automation that was updated for that would forget which runs it watches.
    """
    ours = set(AutomationCore.model_fields)
    return present.model_dump(include=ours) != wanted.model_dump(include=ours)
