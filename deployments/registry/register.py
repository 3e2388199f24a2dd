"""Deployments and automations as data, and their idempotent registration with Prefect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from importlib import import_module
from typing import Any, NamedTuple
from uuid import UUID

from prefect import Flow
from prefect.automations import AutomationCore
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import StateType
from prefect.deployments.runner import RunnerDeployment
from prefect.events.actions import ActionTypes, ChangeFlowRunState, RunDeployment
from prefect.events.schemas.automations import EventTrigger, Posture
from prefect.types.entrypoint import EntrypointType

from deployments.prefect_server.settings import HEARTBEAT_SECONDS
from deployments.registry.work_pool import ensure_work_pool
from schemas.incident import DEFAULT_ROUTES, INCIDENT_TYPES, IncidentType, Severity
from schemas.settings import Settings
from tasks.rollback.one_at_a_time import limit_of

DEAD_AFTER = timedelta(seconds=100)
"""Three heartbeats (of 30 s, see `prefect_server`) and a little."""
DETECTED = "aeef.incident.detected"
RESOURCE = "aeef.incident."

FLOWS: tuple[str, ...] = (
    "flows.triage.triage",
    "flows.deployment_failure.deployment_failure",
    "flows.drift.drift",
    "flows.security.security",
    "flows.agent_violation.agent_violation",
    "flows.quality_degradation.quality_degradation",
    "flows.data_breach.data_breach",
    "flows.on_request.suspend_agent.suspend_agent",
    "flows.on_request.resume_agent.resume_agent",
    "flows.on_request.isolate_service.isolate_service",
    "flows.on_request.restore_service.restore_service",
    "flows.on_request.collect_evidence.collect_evidence",
    "flows.on_request.revoke_credentials.revoke_credentials",
    "flows.on_request.rollback.rollback",
    "flows.follow_up.emergency_patch.emergency_patch",
    "flows.follow_up.regulatory_clock.regulatory_clock",
    "flows.follow_up.regulatory_clock.regulatory_clocks",
    "flows.follow_up.escalation.escalation",
    "flows.follow_up.resolution.resolution",
)
"""Every flow; each is deployed as `<flow>/respond`."""

RUNBOOK_OF: dict[IncidentType, str] = {
    IncidentType.AGENT_VIOLATION: "agent-violation",
    IncidentType.DATA_BREACH: "data-breach",
    IncidentType.DEPLOYMENT_FAILURE: "deployment-failure",
    IncidentType.DRIFT: "drift",
    IncidentType.QUALITY_DEGRADATION: "quality-degradation",
    IncidentType.SECURITY: "security",
}
"""The flow that responds to a type; every other type goes to `triage`."""


class ScheduledRow(NamedTuple):
    """A flow that runs by itself, deployed as `<flow>/<name>`; every: seconds, 0 for never."""

    flow: str
    name: str
    entrypoint: str
    every: Callable[[Settings], float]


SCHEDULED: tuple[ScheduledRow, ...] = (
    ScheduledRow("drift", "assess", "flows.drift.assess", lambda settings: settings.drift.every),
    ScheduledRow(
        "regulatory-clock",
        "watch",
        "flows.follow_up.regulatory_clock.watch",
        lambda settings: settings.breach.watch_every,
    ),
)


class AutomationRow(NamedTuple):
    """When `trigger` fires, something is done about it.

    flow: its deployment runs, with `template`, Jinja that renders JSON, as the parameter `alert`
    (Prefect would pass a plain template on as a string). None: the run that the event is about
    is marked Crashed.
    """

    name: str
    description: str
    trigger: EventTrigger
    flow: str | None
    template: str = ""


PAYLOAD = "{{ event.payload | tojson }}"
OF_THE_RESOURCE = (
    '{"incidentId": "{{ labels["prefect.resource.id"] | replace("' + RESOURCE + '", "") }}"}'
)


def automations(settings: Settings) -> list[AutomationRow]:
    """One automation per incident type, one per severity with an escalation clock, the end."""
    rows = [
        AutomationRow(
            f"AEEF {incident_type}",
            f"{facts.description}: {facts.auto_response}",
            EventTrigger(
                expect={DETECTED},
                match={"prefect.resource.id": f"{RESOURCE}*", "aeef.type": str(incident_type)},
                posture=Posture.Reactive,
                threshold=1,
            ),
            RUNBOOK_OF.get(incident_type, "triage"),
            PAYLOAD,
        )
        for incident_type, facts in INCIDENT_TYPES.items()
    ]
    for severity, default in DEFAULT_ROUTES.items():
        route = settings.routes.get(severity, default)
        if route.page and route.escalation.after:
            rows.append(
                AutomationRow(
                    _escalation(severity),
                    f"Nobody acknowledged within {route.escalation.after}:"
                    f" escalate to {route.escalation.to}",
                    _unless_taken(str(severity), route.escalation.after),
                    "escalation",
                    OF_THE_RESOURCE,
                )
            )
    rows.append(
        AutomationRow(
            "AEEF resolution",
            "An incident is over: make sure that nobody is called any longer",
            EventTrigger(
                expect={"aeef.incident.resolved", "aeef.incident.closed"},
                match={"prefect.resource.id": f"{RESOURCE}*"},
                posture=Posture.Reactive,
                threshold=1,
            ),
            "resolution",
            PAYLOAD,
        )
    )
    rows.append(
        AutomationRow(
            "AEEF regulatory clocks",
            "A person set a fact of a breach: compute its deadlines anew, and draft again",
            EventTrigger(
                expect={"aeef.incident.clocks-changed"},
                match={"prefect.resource.id": f"{RESOURCE}*"},
                posture=Posture.Reactive,
                threshold=1,
            ),
            "regulatory-clocks",
            PAYLOAD,
        )
    )
    rows.append(
        AutomationRow(
            "AEEF dead runs",
            "A run's heartbeats stay away, its machine died perhaps: mark it Crashed, so that the"
            " on-call is paged and Retry is offered",
            EventTrigger(
                after={"prefect.flow-run.Running", "prefect.flow-run.heartbeat"},
                expect={
                    "prefect.flow-run.heartbeat",
                    "prefect.flow-run.Completed",
                    "prefect.flow-run.Failed",
                    "prefect.flow-run.Cancelled",
                    "prefect.flow-run.Crashed",
                    # It waits for a person, without a process.
                    "prefect.flow-run.Suspended",
                },
                match={"prefect.resource.id": "prefect.flow-run.*"},
                match_related={"prefect.resource.id": "prefect.tag.aeef"},
                for_each={"prefect.resource.id"},
                posture=Posture.Proactive,
                threshold=1,
                within=DEAD_AFTER,
            ),
            flow=None,
        )
    )
    return rows


def _escalation(severity: Severity) -> str:
    return f"AEEF {severity} escalation"


def _unless_taken(severity: str, within: timedelta) -> EventTrigger:
    return EventTrigger(
        after={"aeef.incident.paged"},
        expect={"aeef.incident.acknowledged", "aeef.incident.resolved", "aeef.incident.closed"},
        match={"prefect.resource.id": f"{RESOURCE}*", "aeef.severity": severity},
        for_each={"prefect.resource.id"},
        posture=Posture.Proactive,
        threshold=1,
        within=within,
    )


def flows() -> list[Flow[..., Any]]:
    """Every flow, imported."""
    return [_imported(path) for path in FLOWS]


def _imported(path: str) -> Flow[..., Any]:
    module, name = path.rsplit(".", 1)
    flow: Flow[..., Any] = getattr(import_module(module), name)
    return flow


def register(settings: Settings, report: Callable[[str], None] = print) -> None:
    """Create or update the work pool, limits, deployments and automations. Safe to repeat."""
    with get_client(sync_client=True) as client:
        ensure_work_pool(client, settings.worker)
        for target in () if settings.prefect_embedded else settings.targets:
            client.upsert_global_concurrency_limit_by_name(limit_of(target), limit=1)
        ids = {}
        for flow, entrypoint in zip(flows(), FLOWS, strict=True):
            ids[flow.name] = _deployment(flow, entrypoint, settings.worker.pool)
            report(f"deployment {flow.name}/respond")
        for scheduled in SCHEDULED:
            flow, every = _imported(scheduled.entrypoint), scheduled.every(settings)
            _deployment(flow, scheduled.entrypoint, settings.worker.pool, scheduled.name, every)
            when = f"every {every:g} s" if every else "only when it is asked for"
            report(f"deployment {flow.name}/{scheduled.name} runs {when}")
        for row in automations(settings):
            _automation(client, row, _actions(row, ids))
            does = f"runs {row.flow}/respond" if row.flow else "marks the run Crashed"
            report(f"automation '{row.name}' {does}")
        wanted = {row.name for row in automations(settings)}
        for name in {_escalation(severity) for severity in Severity} - wanted:
            for present in client.read_automations_by_name(name):
                client.delete_automation(present.id)
                report(f"automation '{name}' removed: its severity no longer escalates")


def _deployment(
    flow: Flow[..., Any], entrypoint: str, pool: str, name: str = "respond", every: float = 0
) -> UUID:
    deployment = RunnerDeployment.from_flow(
        flow,
        name=name,
        interval=every or None,
        description=flow.description,
        tags=["aeef"],
        work_pool_name=pool,
        enforce_parameter_schema=False,
        # Whoever started the worker: a run without heartbeats would never be found dead.
        job_variables={"env": {"PREFECT_FLOWS_HEARTBEAT_FREQUENCY": HEARTBEAT_SECONDS}},
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    deployment.entrypoint = entrypoint
    found = deployment.apply()
    assert isinstance(found, UUID)  # a coroutine only inside an event loop
    return found


def _actions(row: AutomationRow, ids: Mapping[str, UUID]) -> list[ActionTypes]:
    if row.flow is None:
        message = "No heartbeat for too long: its process, or its machine, is gone"
        return [ChangeFlowRunState(state=StateType.CRASHED, message=message)]
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
    # What an operator switched off stays off; /health and `aeef doctor` say so.
    wanted = wanted.model_copy(update={"enabled": first.enabled})
    # An update makes Prefect forget what it is waiting for: every escalation clock that runs.
    if _as_data(first) != _as_data(wanted):
        client.update_automation(first.id, wanted)


def _as_data(automation: AutomationCore) -> dict[str, Any]:
    return automation.model_dump(mode="json", include=set(AutomationCore.model_fields))
