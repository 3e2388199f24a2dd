"""Registers deployments and automations with Prefect; doing it again changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from prefect.automations import AutomationCore
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import StateType, VersionInfo
from prefect.client.schemas.responses import DeploymentResponse
from prefect.events.actions import ActionTypes, ChangeFlowRunState, RunDeployment
from prefect.events.schemas.automations import Automation
from prefect.exceptions import ObjectNotFound

from deployments.registry.automations import GONE, AutomationRow, automations
from deployments.registry.catalog import (
    FLOWS,
    GONE_DEPLOYMENTS,
    OLD_NAMES,
    SCHEDULED,
    FlowRow,
    ScheduledRow,
)
from deployments.registry.deployment import in_words, is_changed, wanted_deployment
from deployments.registry.owner import NO_HEARTBEAT
from deployments.registry.present import deployments_of_ours, every
from deployments.registry.work_pool import ensure_work_pool
from schemas.settings import Settings
from tasks.rollback.prefect_limit import limit_of


def register(settings: Settings, report: Callable[[str], None] = print) -> None:
    """Create or update the work pool, limits, deployments and automations. Safe to repeat."""
    with get_client(sync_client=True) as client:
        ensure_work_pool(client, settings.worker)
        for target in () if settings.prefect_embedded else settings.targets:
            client.upsert_global_concurrency_limit_by_name(limit_of(target), limit=1)
        present = deployments_of_ours(client)
        ids = {}
        for row in FLOWS:
            ids[row.flow] = _deployment(row, settings, present)
            report(f"deployment {row.deployment}")
        for row in OLD_NAMES:
            _deployment(row, settings, present)
        for scheduled in SCHEDULED:
            _deployment(scheduled, settings, present)
            report(f"deployment {scheduled.deployment} runs {in_words(scheduled, settings)}")
        names = {row.flow: row.deployment for row in FLOWS}
        rules = every(client.read_automations)
        for rule in automations():
            of_this_name = [each for each in rules if each.name == rule.name]
            _automation(client, rule, _actions(rule, ids), of_this_name)
            does = f"runs {names[rule.flow]}" if rule.flow else "marks the run Crashed"
            report(f"automation '{rule.name}' {does}")
        _remove_what_is_gone(client, rules, report)


def _remove_what_is_gone(
    client: SyncPrefectClient, rules: list[Automation], report: Callable[[str], None]
) -> None:
    for rule in rules:
        if rule.name in GONE:
            client.delete_automation(rule.id)
            report(f"automation '{rule.name}' removed: the intake escalates")
    for name in GONE_DEPLOYMENTS:
        try:
            found = client.read_deployment_by_name(name)
        except ObjectNotFound:
            continue
        client.delete_deployment(found.id)
        report(f"deployment {name} removed: the intake escalates")


def _deployment(
    row: FlowRow | ScheduledRow, settings: Settings, present: Mapping[str, DeploymentResponse]
) -> UUID:
    wanted = wanted_deployment(row, settings)
    found = present.get(row.deployment)
    # Each of some fifty takes five requests, at each start.
    if found and not is_changed(found, wanted):
        return found.id
    # Else Prefect looks for a version in the git repository in which somebody happens to start us.
    ours = VersionInfo(type="prefect:simple", version=wanted.version or "")
    applied = wanted.apply(version_info=ours)
    assert isinstance(applied, UUID)  # a coroutine only inside an event loop
    return applied


def _actions(row: AutomationRow, ids: Mapping[str, UUID]) -> list[ActionTypes]:
    if row.flow is None:
        return [ChangeFlowRunState(state=StateType.CRASHED, message=NO_HEARTBEAT)]
    alert = {
        "__prefect_kind": "json",
        "value": {"__prefect_kind": "jinja", "template": row.template},
    }
    return [RunDeployment(deployment_id=ids[row.flow], parameters={"alert": alert})]


def _automation(
    client: SyncPrefectClient,
    row: AutomationRow,
    actions: list[ActionTypes],
    present: list[Automation],
) -> None:
    wanted = AutomationCore(
        name=row.name, description=row.description, trigger=row.trigger, actions=actions
    )
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
