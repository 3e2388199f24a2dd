"""Findings are kept, published and said, once; without any, nothing is."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from prefect import flow

from fixtures.stack import Stack
from flows.parts.prefect_steps import run_step
from samples.quality_target import SAMPLES as QUALITY
from schemas.findings import Finding, Findings, alert_data
from schemas.incident import IncidentType, Severity
from schemas.settings import load_settings
from tasks.findings.publish_findings import markdown, row
from tasks.findings.read_findings import read_findings_file
from tasks.findings.record_findings import FILE, keep_findings, record_findings
from tasks.incident.evidence import Evidence
from tasks.incident.open_incident import parse_alert
from tasks.store import Store

SAMPLES = QUALITY.parent / "findings"


def opened(own_store: Store, data: dict[str, Any]) -> str:
    """The incident of an alert."""
    alert = parse_alert(data)
    incident = own_store.open_or_attach(alert, IncidentType.SECURITY, Severity.P2).incident
    return str(incident.incident_id)


def with_findings() -> dict[str, Any]:
    """An alert with what Trivy found."""
    return alert_data(read_findings_file(SAMPLES / "trivy.json"), "shop", source="test")


def test_findings_are_kept_as_evidence_once(own_store: Store) -> None:
    """What was there when the incident was opened, with nothing secret in it."""
    incident_id = opened(own_store, with_findings())
    settings = load_settings()
    scan = keep_findings(incident_id, settings)
    again = keep_findings(incident_id, settings)
    evidence = Evidence(incident_id, settings.home)
    kept = (evidence.directory / FILE).read_text()

    assert [FILE] == [each.file for each in evidence.files()]
    assert scan == again == Findings.model_validate(json.loads(kept))
    assert "hunter2" not in kept


def test_an_alert_without_findings_leaves_nothing(own_store: Store) -> None:
    """No evidence, and nothing on record."""
    incident_id = opened(own_store, {"type": "security"})

    assert () == keep_findings(incident_id, load_settings()).findings
    assert [] == Evidence(incident_id, load_settings().home).files()


def test_they_are_published_and_on_record(own_store: Store, stack: Stack) -> None:
    """One sentence, a page and a table; the same run again says nothing twice."""
    incident_id = opened(own_store, with_findings())

    @flow(name=f"test-{uuid4()}")
    def a_runbook() -> Findings:
        run_step(record_findings, incident_id)
        return run_step(record_findings, incident_id)

    with stack.prefect_settings():
        scan = a_runbook()
    actions = [each.action for each in own_store.incident(incident_id).actions_taken[1:]]
    wanted = {"key": {"like_": str(incident_id)}}
    artifacts = {
        each["key"]: each["data"]
        for each in stack.prefect("POST", "/artifacts/filter", json={"artifacts": wanted})
    }

    assert [scan.sentence] == actions
    assert markdown(scan) == artifacts[f"findings-{incident_id}"]
    assert 5 == len(json.loads(artifacts[f"findings-table-{incident_id}"]))


def test_the_page_takes_no_markup_of_a_scanner() -> None:
    """Neither links nor tables nor HTML, in the page and in the table: Prefect renders both."""
    hostile = Finding(
        id="a|b",
        tool="t`x`",
        severity=Severity.P1,
        title="[click](https://evil) <script> # **b**\n| x |",
        path="src/<img>.py",
        line=1,
    )
    page = markdown(Findings(tools=("t`x`",), findings=(hostile,)))
    cells = row(hostile)
    table_row = page.splitlines()[-1]

    assert "\\[click\\](https\\://evil) \\<script\\> \\# \\*\\*b\\*\\* \\| x \\|" in table_row
    assert table_row.startswith("| P1 | a\\|b | t\\`x\\` | src/\\<img\\>.py:1 |")
    assert len(cells) + 1 == table_row.replace("\\|", "").count("|")
    assert table_row == "| " + " | ".join(cells.values()) + " |"


def test_no_findings_make_a_short_page() -> None:
    """It says so."""
    assert "# Findings\n\nno findings by x\n" == markdown(Findings(tools=("x",)))
