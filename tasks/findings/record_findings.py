"""Keeps an incident's findings as evidence, publishes them, and records a summary."""

from __future__ import annotations

from schemas.findings import Findings, scan_of
from schemas.incident import canonical_json
from schemas.settings import Settings
from tasks.case import Case
from tasks.findings.publish_findings import publish
from tasks.incident.evidence import Evidence
from tasks.step import step
from tasks.store import open_store

FILE = "findings.json"


def incident_findings(incident_id: str, settings: Settings) -> Findings:
    """The findings in the incident's alert. Raises InvalidInput that names the wrong field."""
    return scan_of(open_store(settings).alert(incident_id))


def keep_findings(incident_id: str, settings: Settings) -> Findings:
    """The findings, kept as evidence if there are any. Safe to repeat."""
    scan = incident_findings(incident_id, settings)
    if scan.findings:
        content = canonical_json(scan.to_json()).encode()
        Evidence(incident_id, settings.home).keep(FILE, content, source="the alert's findings")
    return scan


def in_words(scan: Findings) -> str | None:
    """The sentence for the record; None when nothing was found."""
    return scan.sentence if scan.findings else None


@step("record the findings", says=in_words, timeout=60)
def record_findings(case: Case) -> Findings:
    """Keep, publish and record the findings of the alert, which may be none.

    Raises InvalidInput that names the unreadable field of the alert.
    """
    scan = keep_findings(case.incident_id, case.settings)
    if scan.findings:
        publish(case.incident_id, scan)
    return scan
