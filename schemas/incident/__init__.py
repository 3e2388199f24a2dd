"""Alert, incident, type, severity, route: what each runbook gets. Begin with `incident.py`."""

from schemas.incident.alert import DRILL, Alert, agents_named, dedup_key_for
from schemas.incident.audit import GENESIS, AuditEntry, canonical_json, hash_of, hash_of_text
from schemas.incident.events import (
    ACKNOWLEDGED,
    CLOCKS_CHANGED,
    CLOSED,
    DETECTED,
    ESCALATED,
    MITIGATED,
    PAGED,
    RELAPSED,
    RESOLVED,
    RESOURCE,
    REVIEW_BEGUN,
    event_of,
    parameter_of,
)
from schemas.incident.grouping import Grouping, group_of, retyped
from schemas.incident.incident import (
    FEWEST_CHARACTERS,
    Action,
    Incident,
    PostMortem,
    Status,
)
from schemas.incident.incident_type import INCIDENT_TYPES, IncidentType
from schemas.incident.plausible import CLOCKS_DIFFER, SaidTime, plausible_time
from schemas.incident.progress import Phase, Progress, newest_of_flows
from schemas.incident.relapse import Look, Verdict, is_fresh, wants_look
from schemas.incident.route import (
    DEFAULT_ROUTES,
    ENDED_AS_SEEN,
    ChannelName,
    Escalation,
    Route,
    Routes,
    SenderEnds,
    SlackChannel,
    route_for,
)
from schemas.incident.severity import Severity, severity_from_word
from schemas.incident.triage import Rule, Triage, classify
from schemas.incident.type_source import NEEDS_WORD, WAITS, TypeSource

__all__ = [
    "ACKNOWLEDGED",
    "CLOCKS_CHANGED",
    "CLOCKS_DIFFER",
    "CLOSED",
    "DEFAULT_ROUTES",
    "DETECTED",
    "DRILL",
    "ENDED_AS_SEEN",
    "ESCALATED",
    "FEWEST_CHARACTERS",
    "GENESIS",
    "INCIDENT_TYPES",
    "MITIGATED",
    "NEEDS_WORD",
    "PAGED",
    "RELAPSED",
    "RESOLVED",
    "RESOURCE",
    "REVIEW_BEGUN",
    "WAITS",
    "Action",
    "Alert",
    "AuditEntry",
    "ChannelName",
    "Escalation",
    "Grouping",
    "Incident",
    "IncidentType",
    "Look",
    "Phase",
    "PostMortem",
    "Progress",
    "Route",
    "Routes",
    "Rule",
    "SaidTime",
    "SenderEnds",
    "Severity",
    "SlackChannel",
    "Status",
    "Triage",
    "TypeSource",
    "Verdict",
    "agents_named",
    "canonical_json",
    "classify",
    "dedup_key_for",
    "event_of",
    "group_of",
    "hash_of",
    "hash_of_text",
    "is_fresh",
    "newest_of_flows",
    "parameter_of",
    "plausible_time",
    "retyped",
    "route_for",
    "severity_from_word",
    "wants_look",
]
