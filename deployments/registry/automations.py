"""When which flow is started, as data: Prefect's automations."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from prefect.events.schemas.automations import EventTrigger, Posture

from deployments.registry.catalog import RUNBOOK_OF
from schemas.incident import (
    ACKNOWLEDGED,
    CLOCKS_CHANGED,
    CLOSED,
    DEFAULT_ROUTES,
    DETECTED,
    INCIDENT_TYPES,
    PAGED,
    RESOLVED,
    RESOURCE,
    Severity,
)
from schemas.settings import Settings

DEAD_AFTER = timedelta(seconds=100)
"""Three heartbeats (of 30 s, see `prefect_server`) and a little."""


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
                    escalation_of(severity),
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
                expect={RESOLVED, CLOSED},
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
                expect={CLOCKS_CHANGED},
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


def escalation_of(severity: Severity) -> str:
    """The name of the automation that escalates incidents of this severity."""
    return f"AEEF {severity} escalation"


def _unless_taken(severity: str, within: timedelta) -> EventTrigger:
    return EventTrigger(
        after={PAGED},
        expect={ACKNOWLEDGED, RESOLVED, CLOSED},
        match={"prefect.resource.id": f"{RESOURCE}*", "aeef.severity": severity},
        for_each={"prefect.resource.id"},
        posture=Posture.Proactive,
        threshold=1,
        within=within,
    )
