"""Which event starts which flow, as data: Prefect's automations."""

from __future__ import annotations

from collections.abc import Iterator
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
    RELAPSED,
    RESOLVED,
    RESOURCE,
    IncidentType,
    Severity,
)
from schemas.settings import Settings

DEAD_AFTER = timedelta(seconds=100)
"""Three heartbeats (of 30 s, see `prefect_server`) and a margin."""


class AutomationRow(NamedTuple):
    """What happens when `trigger` fires.

    flow: its deployment is run, with the JSON that the Jinja `template` renders as the parameter
    `alert` (Prefect would pass a plain template on as a string). None: the run that the event is
    about is marked Crashed.
    """

    name: str
    description: str
    trigger: EventTrigger
    flow: str | None
    template: str = ""


OCCURRENCE = "aeef.occurrence"
"""The label of every event: an escalation's clock starts anew for each occurrence."""
PAYLOAD = "{{ event.payload | tojson }}"
OF_THE_RESOURCE = (
    '{"incidentId": "{{ labels["prefect.resource.id"] | replace("' + RESOURCE + '", "") }}",'
    ' "occurrence": "{{ labels["' + OCCURRENCE + '"] }}"}'
)


def automations(settings: Settings) -> list[AutomationRow]:
    """All automations; the settings' severity table has the escalation times."""
    return [
        *(_runbook(incident_type) for incident_type in INCIDENT_TYPES),
        *_escalations(settings),
        AutomationRow(
            "AEEF resolution",
            "An incident is over: make sure that nobody is called any longer",
            _whenever(RESOLVED, CLOSED),
            "resolution",
            PAYLOAD,
        ),
        AutomationRow(
            "AEEF regulatory clocks",
            "A person set a fact of a breach: compute its deadlines anew, and draft again",
            _whenever(CLOCKS_CHANGED),
            "regulatory-clocks",
            PAYLOAD,
        ),
        _dead_runs(),
    ]


def _runbook(incident_type: IncidentType) -> AutomationRow:
    facts = INCIDENT_TYPES[incident_type]
    return AutomationRow(
        f"AEEF {incident_type}",
        f"{facts.description}: {facts.auto_response}",
        _whenever(DETECTED, RELAPSED, **{"aeef.type": str(incident_type)}),
        RUNBOOK_OF.get(incident_type, "triage"),
        PAYLOAD,
    )


def _escalations(settings: Settings) -> Iterator[AutomationRow]:
    for severity, default in DEFAULT_ROUTES.items():
        route = settings.routes.get(severity, default)
        if route.page and route.escalation.after:
            yield AutomationRow(
                escalation_of(severity),
                f"Nobody acknowledged within {route.escalation.after}:"
                f" escalate to {route.escalation.to}",
                _unless_taken(str(severity), route.escalation.after),
                "escalation",
                OF_THE_RESOURCE,
            )


def _dead_runs() -> AutomationRow:
    return AutomationRow(
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
                # A suspended run waits for a person, without a process.
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


def _whenever(*events: str, **labels: str) -> EventTrigger:
    """A trigger that fires at once for each of these events of an incident with these labels."""
    return EventTrigger(
        expect=set(events),
        match={"prefect.resource.id": f"{RESOURCE}*", **labels},
        posture=Posture.Reactive,
        threshold=1,
    )


def escalation_of(severity: Severity) -> str:
    """The name of the automation that escalates incidents of this severity."""
    return f"AEEF {severity} escalation"


def _unless_taken(severity: str, within: timedelta) -> EventTrigger:
    return EventTrigger(
        after={PAGED},
        expect={ACKNOWLEDGED, RESOLVED, CLOSED},
        match={"prefect.resource.id": f"{RESOURCE}*", "aeef.severity": severity},
        for_each={"prefect.resource.id", OCCURRENCE},
        posture=Posture.Proactive,
        threshold=1,
        within=within,
    )
