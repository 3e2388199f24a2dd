"""Every deployed flow, its deployment's name, and which flow responds to which incident type."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from schemas.calendar import Kind, cron_of
from schemas.incident import IncidentType
from schemas.settings import Settings
from tasks.relapse.watch_recoveries import watch_every

if TYPE_CHECKING:
    from prefect import Flow


RUNBOOK = "respond"
"""The name of a runbook's deployment, and until 0.1.0 of all others."""
BY_HAND = "by hand"


class FlowRow(NamedTuple):
    """A flow that an event or a person starts, deployed as `<flow>/<name>`.

    flow: its name in Prefect. entrypoint: where it is defined, `<module>.<function>`.
    name: says what starts it.
    """

    flow: str
    entrypoint: str
    name: str = RUNBOOK

    @property
    def deployment(self) -> str:
        """The full name of its deployment."""
        return f"{self.flow}/{self.name}"

    @property
    def old_name(self) -> FlowRow | None:
        """The same under the name that it had: scripts of users go on working. None: no other."""
        return None if self.name == RUNBOOK else self._replace(name=RUNBOOK)


def _never(_settings: Settings) -> float:
    return 0.0


def _by_calendar(kind: Kind, settings: Settings) -> str | None:
    return cron_of(kind, settings.calendar)


def _by_no_clock(_settings: Settings) -> str | None:
    return None


class ScheduledRow(NamedTuple):
    """A flow that runs on a schedule, deployed as `<flow>/<name>`; every: seconds, 0: never.

    cron: instead of `every`, in the time zone of `[calendar]`; None: never.
    """

    flow: str
    name: str
    entrypoint: str
    every: Callable[[Settings], float] = _never
    cron: Callable[[Settings], str | None] = _by_no_clock

    @property
    def deployment(self) -> str:
        """The full name of its deployment."""
        return f"{self.flow}/{self.name}"


FLOWS: tuple[FlowRow, ...] = (
    FlowRow("triage", "flows.triage.triage"),
    FlowRow("deployment-failure", "flows.deployment_failure.deployment_failure"),
    FlowRow("drift", "flows.drift.drift"),
    FlowRow("security", "flows.security.security"),
    FlowRow("agent-violation", "flows.agent_violation.agent_violation"),
    FlowRow("quality-degradation", "flows.quality_degradation.quality_degradation"),
    FlowRow("data-breach", "flows.data_breach.data_breach"),
    FlowRow("suspend-agent", "flows.on_request.suspend_agent.suspend_agent", BY_HAND),
    FlowRow("resume-agent", "flows.on_request.resume_agent.resume_agent", BY_HAND),
    FlowRow("isolate-service", "flows.on_request.isolate_service.isolate_service", BY_HAND),
    FlowRow("restore-service", "flows.on_request.restore_service.restore_service", BY_HAND),
    FlowRow("release-freeze", "flows.on_request.release_freeze.release_freeze", BY_HAND),
    FlowRow("collect-evidence", "flows.on_request.collect_evidence.collect_evidence", BY_HAND),
    FlowRow(
        "revoke-credentials", "flows.on_request.revoke_credentials.revoke_credentials", BY_HAND
    ),
    FlowRow("rollback", "flows.on_request.rollback.rollback", BY_HAND),
    FlowRow("emergency-patch", "flows.follow_up.emergency_patch.emergency_patch", "prepare"),
    FlowRow("regulatory-clock", "flows.follow_up.regulatory_clock.regulatory_clock", "ring"),
    FlowRow("regulatory-clocks", "flows.follow_up.regulatory_clock.regulatory_clocks", "compute"),
    FlowRow("resolution", "flows.follow_up.resolution.resolution", "stand down"),
    FlowRow("review", "flows.follow_up.review.review"),
)
"""Every flow that is started by an event or a person."""

OLD_NAMES = tuple(old for row in FLOWS if (old := row.old_name))

GONE_DEPLOYMENTS = ("escalation/respond",)
"""Of older versions."""

SCHEDULED: tuple[ScheduledRow, ...] = (
    ScheduledRow("drift", "assess", "flows.drift.assess", lambda settings: settings.drift.every),
    ScheduledRow(
        "regulatory-clock",
        "watch",
        "flows.follow_up.regulatory_clock.watch",
        lambda settings: settings.breach.watch_every,
    ),
    ScheduledRow("recovery", "watch", "flows.follow_up.recovery.watch", watch_every),
    ScheduledRow(
        "armed", "check", "flows.follow_up.armed.check", lambda settings: settings.armed.every
    ),
    ScheduledRow(
        "audit",
        "verify",
        "flows.follow_up.armed.verify",
        lambda settings: settings.armed.verify_every,
    ),
    ScheduledRow(
        "corrective",
        "look",
        "flows.follow_up.corrective.look",
        lambda settings: settings.corrective.every,
    ),
    ScheduledRow(
        "audit",
        "anchor",
        "flows.follow_up.anchors.anchor",
        lambda settings: settings.evidence.anchor_every if settings.anchors else 0,
    ),
    ScheduledRow(
        "retention",
        "dispose",
        "flows.follow_up.retention.dispose",
        lambda settings: settings.retention.every,
    ),
    ScheduledRow(
        "retention",
        "prune",
        "flows.follow_up.retention.prune",
        lambda settings: settings.retention.prefect_every,
    ),
    ScheduledRow(
        "backup",
        "drill",
        "flows.follow_up.backup.drill",
        lambda settings: settings.backup.drill_every,
    ),
    *(
        ScheduledRow(
            "review",
            kind.value,
            f"flows.follow_up.by_calendar.{kind.value}",
            cron=partial(_by_calendar, kind),
        )
        for kind in (Kind.WEEKLY, Kind.MONTHLY, Kind.QUARTERLY)
    ),
)

RUNBOOK_OF: dict[IncidentType, str] = {
    IncidentType.AGENT_VIOLATION: "agent-violation",
    IncidentType.DATA_BREACH: "data-breach",
    IncidentType.DEPLOYMENT_FAILURE: "deployment-failure",
    IncidentType.DRIFT: "drift",
    IncidentType.QUALITY_DEGRADATION: "quality-degradation",
    IncidentType.SECURITY: "security",
}
"""The flow that responds to a type; every other type goes to `triage`."""

DEPLOYED: tuple[FlowRow | ScheduledRow, ...] = (*FLOWS, *SCHEDULED)
"""All rows in one list."""
ENTRYPOINTS = frozenset(row.entrypoint for row in DEPLOYED)
"""Where the flows are defined."""


def flows() -> list[Flow[..., Any]]:
    """Every flow of `FLOWS`, imported."""
    return [imported(row.entrypoint) for row in FLOWS]


def imported(entrypoint: str) -> Flow[..., Any]:
    """The flow that is defined at this entrypoint."""
    module, name = entrypoint.rsplit(".", 1)
    flow: Flow[..., Any] = getattr(import_module(module), name)
    return flow
