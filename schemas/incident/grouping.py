"""Which alerts are one incident, as data: alerts whose fields agree belong to one open incident."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import NamedTuple

from schemas.incident.alert import DRILL, Alert, agents_named, dedup_key_for
from schemas.incident.incident_type import IncidentType
from schemas.incident.type_source import NEEDS_WORD

TYPE, TARGET, SERVICE, PROBLEM = "type", "target", "service", "dedup_key"
AGENTS = "agents"
BY = (TYPE, TARGET)
BY_TYPE: dict[IncidentType, tuple[str, ...]] = {
    # Those services are isolated that were named: another one has to be contained too.
    IncidentType.SECURITY: (TYPE, SERVICE),
    # Each has clocks and duties of its own, by law.
    IncidentType.DATA_BREACH: (TYPE, SERVICE, PROBLEM),
}
"""How alerts are grouped unless the settings say otherwise: all, and those of some types."""
WORKED_ON = ("findings", "patch")
"""Details that a runbook works through: what has its own is not done by another incident's run."""


class Grouping(NamedTuple):
    """How one alert is grouped.

    by: the fields that have to agree; empty: only the sender's key counts.
    target: the configured target of its service.
    joins_within: how long after the incident's newest alert another one still belongs to it.
    flap_window: how long after its sender's all-clear an incident comes back instead of a new one.
    stays: how long it has to be back until it pages anew.
    flapping_after: how often it comes back until it is said to flap.
    """

    by: tuple[str, ...] = BY
    target: str | None = None
    joins_within: timedelta = timedelta(hours=2)
    flap_window: timedelta = timedelta(minutes=15)
    stays: timedelta = timedelta(minutes=2)
    flapping_after: int = 3


def group_of(alert: Alert, incident_type: IncidentType, grouping: Grouping) -> str | None:
    """The name of the alert's group, JSON; None when it is not grouped.

    Never in one group, whatever `by` says: what needs a containment of its own and something else;
    violations by different agents; alerts that name no service, unless they say the same; alerts
    with findings or a patch of their own.
    """
    if not grouping.by:
        return None
    names = [*grouping.by, *([f"label {DRILL}"] if alert.is_drill else ())]
    if incident_type in NEEDS_WORD:
        names.append(TYPE)
    if incident_type is IncidentType.AGENT_VIOLATION:
        names.append(AGENTS)
    if alert.service is None or brings_work(alert):
        names.append(PROBLEM)
    fields = [_field(name, alert, incident_type, grouping.target) for name in dict.fromkeys(names)]
    return json.dumps(fields)


def brings_work(alert: Alert) -> bool:
    """True when its details are what a runbook works through, not only a report of trouble."""
    return any(alert.details.get(name) for name in WORKED_ON)


def retyped(group: str | None, incident_type: IncidentType) -> str | None:
    """The group of an incident whose type turned out to be another one."""
    if group is None:
        return None
    fields = [
        [name, incident_type.value if name == TYPE else value] for name, value in json.loads(group)
    ]
    return json.dumps(fields)


def _field(
    name: str, alert: Alert, incident_type: IncidentType, target: str | None
) -> tuple[str, object]:
    match name:
        case "type":
            value: object = incident_type.value
        case "target" if target is not None:
            value = target
        case "target" | "service":
            name, value = SERVICE, alert.service
        case "sender":
            value = alert.source
        case "agents":
            value = agents_named(alert)
        case "dedup_key":
            value = dedup_key_for(_without_occurrence(alert), incident_type)
        case _:
            name, value = f"label {name}", alert.labels.get(name)
    return name, value


def _without_occurrence(alert: Alert) -> Alert:
    """The alert without a key that only tells one occurrence of a problem from the next."""
    if not alert.names_one_occurrence:
        return alert
    return alert.model_copy(update={"dedup_key": None})
