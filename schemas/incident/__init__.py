"""Alert, incident, type, severity, route: what each runbook gets. Begin with `incident.py`."""

from schemas.incident.alert import Alert, agents_named, dedup_key_for
from schemas.incident.audit import GENESIS, AuditEntry, canonical_json, hash_of, hash_of_text
from schemas.incident.events import (
    ACKNOWLEDGED,
    CLOCKS_CHANGED,
    CLOSED,
    DETECTED,
    MITIGATED,
    PAGED,
    RESOLVED,
    RESOURCE,
    event_of,
)
from schemas.incident.incident import Action, Incident, PostMortem, Status
from schemas.incident.incident_type import INCIDENT_TYPES, IncidentType
from schemas.incident.progress import Phase, Progress
from schemas.incident.route import (
    DEFAULT_ROUTES,
    ChannelName,
    Escalation,
    Route,
    SlackChannel,
    route_for,
)
from schemas.incident.severity import Severity, severity_from_word
from schemas.incident.triage import DEFAULT_RULES, Rule, Triage, classify

__all__ = [
    "ACKNOWLEDGED",
    "CLOCKS_CHANGED",
    "CLOSED",
    "DEFAULT_ROUTES",
    "DEFAULT_RULES",
    "DETECTED",
    "GENESIS",
    "INCIDENT_TYPES",
    "MITIGATED",
    "PAGED",
    "RESOLVED",
    "RESOURCE",
    "Action",
    "Alert",
    "AuditEntry",
    "ChannelName",
    "Escalation",
    "Incident",
    "IncidentType",
    "Phase",
    "PostMortem",
    "Progress",
    "Route",
    "Rule",
    "Severity",
    "SlackChannel",
    "Status",
    "Triage",
    "agents_named",
    "canonical_json",
    "classify",
    "dedup_key_for",
    "event_of",
    "hash_of",
    "hash_of_text",
    "route_for",
    "severity_from_word",
]
