"""Which event starts which flow, as data: Prefect's automations."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from prefect.events.schemas.automations import EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification

from deployments.registry.catalog import RUNBOOK_OF
from schemas.incident import (
    CLOCKS_CHANGED,
    CLOSED,
    DETECTED,
    INCIDENT_TYPES,
    RELAPSED,
    RESOLVED,
    RESOURCE,
    REVIEW_BEGUN,
    IncidentType,
    Severity,
)
from schemas.lifecycle import NEEDS_LEAD

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


PAYLOAD = "{{ event.payload | tojson }}"
GONE = tuple(f"AEEF {severity} escalation" for severity in Severity)
"""Automations of older versions: escalations are the intake's now."""


def automations() -> list[AutomationRow]:
    """All automations."""
    return [
        *(_runbook(incident_type) for incident_type in INCIDENT_TYPES),
        AutomationRow(
            "AEEF resolution",
            "An incident is over: make sure that nobody is called any longer",
            _whenever(RESOLVED, CLOSED),
            "resolution",
            PAYLOAD,
        ),
        AutomationRow(
            "AEEF review",
            "A P1 or P2 is over: begin its review, and draft it from the record",
            # Not the lesser ones: a storm of them would make twice as many runs.
            _whenever(RESOLVED, **{"aeef.severity": [each.value for each in NEEDS_LEAD]}),
            "review",
            PAYLOAD,
        ),
        AutomationRow(
            "AEEF review asked for",
            "A person asked for the review of an incident: draft it from the record",
            _whenever(REVIEW_BEGUN),
            "review",
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


def _whenever(*events: str, **labels: str | list[str]) -> EventTrigger:
    """A trigger that fires at once for each of these events of an incident with these labels.

    labels: of several values one of them.
    """
    return EventTrigger(
        expect=set(events),
        match=ResourceSpecification({"prefect.resource.id": f"{RESOURCE}*", **labels}),
        posture=Posture.Reactive,
        threshold=1,
    )
