"""Seven kinds of incident before, during and after their response, put on record by the store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import uuid4

from schemas.incident import Alert, Incident, IncidentType, Phase, Severity, Status
from schemas.settings import Settings
from tasks.incident.evidence import Evidence
from tasks.store import Store, open_store
from tasks.store.claim_keys import page_key
from tasks.store.progress import note_progress

BEFORE, DURING, AFTER = "before", "during", "after"
MOMENTS = (BEFORE, DURING, AFTER)
BAD, GOOD = "8889264f3b1c", "98f4b33a01de"


class Kind(NamedTuple):
    """One kind: what was reported, and what a runbook does about it, in the record's words.

    mitigates: the reason of `mitigated`; empty: it does not come to that.
    """

    type: IncidentType
    severity: Severity
    service: str
    description: str
    steps: Sequence[str]
    mitigates: str = ""


SEVEN: tuple[Kind, ...] = (
    Kind(
        IncidentType.DEPLOYMENT_FAILURE, Severity.P1, "demo", "502 since the 14:00 deploy",
        (
            f"chose {GOOD} for demo: the newest healthy and proven release",
            f"rolled demo back from {BAD} to {GOOD}; healthy after 3.2 s",
        ),
        f"demo serves {GOOD}, healthy",
    ),
    Kind(
        IncidentType.SECURITY, Severity.P1, "billing", "CVE-2026-1234 in requests 2.31.0",
        ("isolated billing, verified: billing-web-1: only on the quarantine network; ports: none",),
        "billing is isolated",
    ),
    Kind(
        IncidentType.DATA_BREACH, Severity.P1, "customers", "customer e-mails were read",
        (
            "isolated customers, verified: customers-db-1: paused",
            "froze deployments on customers until they are released",
            "FAILED: revoke credentials: the revoke command failed: exit code 3; the disk of"
            " /srv/keys is full",
        ),
    ),
    Kind(
        IncidentType.AGENT_VIOLATION, Severity.P2, "assistant", "reached outside its boundary",
        ("suspended agent-7 of assistant, verified: registry: suspended; containers: 1 paused",),
        "agent-7 is suspended",
    ),
    Kind(
        IncidentType.DRIFT, Severity.P2, "search", "the running image is not that of the release",
        (f"rolled search back from unknown to {GOOD}; healthy after 1.0 s",),
        f"search serves {GOOD}, healthy",
    ),
    Kind(
        IncidentType.QUALITY_DEGRADATION, Severity.P3, "catalog", "coverage fell from 88 to 71 %",
        ("coverage 71 %, below 80 %: assigned to catalog's owner",),
    ),
    Kind(
        IncidentType.UNKNOWN, Severity.P4, "mail", "something is odd",
        ("triage: nothing names a type; a person has to look",),
    ),
)  # fmt: skip


def put_on_record(kind: Kind, moment: str, settings: Settings) -> Incident:
    """One incident of this kind at this moment."""
    store = open_store(settings)
    alert = Alert(
        description=kind.description,
        service=kind.service,
        source="cli",
        dedup_key=f"{kind.type}-{moment}-{uuid4()}",
    )
    incident = store.open_or_attach(alert, kind.type, kind.severity).incident
    if moment != BEFORE:
        _respond(incident, kind, moment, settings, store)
    return store.incident(incident.incident_id)


def _respond(incident: Incident, kind: Kind, moment: str, settings: Settings, store: Store) -> None:
    named, run = str(incident.incident_id), str(uuid4())
    store.finish_claim(named, page_key(incident), "door", {"channel": "pagerduty", "refused": {}})
    store.record_action(named, "paged on-call by PagerDuty")
    flow = str(kind.type)
    note_progress(named, settings, flow=flow, mark=run, phase=Phase.WORKING, said="")
    if moment == DURING:
        return
    Evidence(named, settings.home).keep("state.txt", b"what ran\n", source="a test")
    for step in kind.steps:
        store.record_action(named, step)
    failed = any(step.startswith("FAILED") for step in kind.steps)
    phase = Phase.FAILED if failed else Phase.DONE
    note_progress(named, settings, flow=flow, mark=run, phase=phase, said=kind.steps[-1])
    store.acknowledge(named, actor="rob (token)")
    if kind.mitigates:
        store.set_status(named, Status.MITIGATED, actor="aeef-runbooks", reason=kind.mitigates)
