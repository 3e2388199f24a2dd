"""Scanners' reports at the intake, as a pipeline sends them. No Prefect here."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from deployments.intake.senders.findings import LARGE
from fixtures.intake import Intake, StartIntake
from samples.quality_target import SAMPLES as QUALITY
from schemas.findings import scan_of
from schemas.incident import Status
from standins.pagerduty import PagerDuty
from support import wait_until

SAMPLES = QUALITY.parent / "findings"
EMPTY = b'{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": []}]}'


def send(intake: Intake, content: bytes, **parameters: str) -> Any:
    """A report, as `curl --data-binary` sends it."""
    return intake.ask("POST", "/v1/findings", content=content, params=parameters)


def test_a_report_becomes_an_incident_and_a_page(intake: Intake, pagerduty: PagerDuty) -> None:
    """As severe as its worst finding; the findings come with it."""
    answer = send(intake, (SAMPLES / "bandit.sarif").read_bytes(), service="shop")
    (incident,) = intake.incidents()
    wait_until(lambda: pagerduty.pages)

    assert 202 == answer.status_code
    assert (8, True, str(incident.incident_id)) == (
        answer.json()["findings"],
        answer.json()["new"],
        answer.json()["incidentId"],
    )
    assert ("security", "P2", ["shop"]) == (
        incident.type,
        incident.severity,
        incident.affected_services,
    )
    scan = scan_of(intake.store.alert(incident.incident_id))
    assert incident.description == scan.sentence
    assert "8 findings by bandit: 2 P2, 1 P3, 5 P4; worst B602 in src/shop.py:10" == scan.sentence


def test_a_repeated_report_is_one_incident(intake: Intake) -> None:
    """For the same service and scanner; another service, another incident."""
    report = (SAMPLES / "bandit.sarif").read_bytes()
    for service in ("shop", "shop", "till"):
        assert 202 == send(intake, report, service=service, severity="P4").status_code
    send(intake, (SAMPLES / "trivy.json").read_bytes(), service="shop", severity="P4")

    assert [["shop"], ["till"], ["shop"]] == [each.affected_services for each in intake.incidents()]
    assert {"P4"} == {each.severity for each in intake.incidents()}


def test_a_resolved_one_comes_back_as_a_new_incident(intake: Intake) -> None:
    """The scanner still finds it."""
    report = (SAMPLES / "pip-audit.json").read_bytes()
    first = send(intake, report, service="shop", severity="P4").json()
    intake.store.set_status(first["incidentId"], Status.RESOLVED, actor="me")
    second = send(intake, report, service="shop", severity="P4").json()

    assert (True, True) == (first["new"], second["new"])


def test_a_report_without_findings_opens_nothing(empty_intake: Intake) -> None:
    """200, and no incident."""
    answer = send(empty_intake, EMPTY, service="shop")

    assert (200, {"findings": 0, "notChecked": 0}) == (answer.status_code, answer.json())


WORST = {
    "bandit.sarif": "P2",
    "cyclonedx-vex.json": "P1",
    "gitleaks-7.json": "P2",
    "gitleaks-7.sarif": "P2",
    "gitleaks-8.json": "P2",
    "grype.json": "P1",
    "npm-audit-1.json": "P2",
    "npm-audit-2.json": "P1",
    "osv-scanner.json": "P1",
    "pip-audit.json": "P2",
    "semgrep.json": "P2",
    "trivy.json": "P1",
}
"""Each sample, and its worst finding."""


def test_each_scanner_s_report_opens_an_incident(intake: Intake) -> None:
    """As severe as its worst finding, with where it is."""
    for name, severity in WORST.items():
        answer = send(intake, (SAMPLES / name).read_bytes(), service=name)
        assert (202, severity) == (answer.status_code, answer.json()["severity"]), name
        scan = scan_of(intake.store.alert(answer.json()["incidentId"]))
        assert scan.worst
        assert scan.worst.where, name

    assert len(WORST) == len(intake.incidents())
    assert {path.name for path in SAMPLES.iterdir() if path.suffix in (".json", ".sarif")} == (
        {*WORST, "sarif-2.1.0.schema.json"}
    )


def failed(*results: dict[str, Any]) -> bytes:
    """A report of a scan that did not succeed."""
    invocations = [{"executionSuccessful": False, "exitCode": 2}]
    run = {"tool": {"driver": {"name": "x"}}, "results": results, "invocations": invocations}
    return json.dumps({"version": "2.1.0", "runs": [run]}).encode()


def test_a_scan_that_failed_is_no_success(empty_intake: Intake) -> None:
    """`curl --fail` fails, and the answer says why."""
    answer = send(empty_intake, failed(), service="shop")

    assert 422 == answer.status_code
    assert "the scanner says that it did not succeed: x: exit code 2" in answer.json()["detail"]


def test_what_a_failed_scan_found_is_paged_with_that(intake: Intake, pagerduty: PagerDuty) -> None:
    """The answer, the incident and the page say that the scan was not complete."""
    result = {"ruleId": "R", "level": "error", "message": {"text": "words"}}
    answer = send(intake, failed(result), service="shop")
    wait_until(lambda: pagerduty.pages)

    assert (202, ["x: exit code 2"]) == (answer.status_code, answer.json()["incomplete"])
    assert "the scan was not complete" in intake.incidents()[0].description
    (alert,) = pagerduty.alerts.values()
    assert "the scan was not complete" in alert.payload["summary"]


@pytest.mark.parametrize(
    ("content", "parameters", "status", "reason"),
    [
        (b"", {"service": "shop"}, 422, "it is empty"),
        (b"{", {"service": "shop"}, 422, "cut off"),
        (b"[" * 100_000, {"service": "shop"}, 422, "nested too deeply"),
        (b"{}", {"service": "shop"}, 422, "none of the formats"),
        (EMPTY, {}, 422, "service"),
        ((SAMPLES / "trivy.json").read_bytes(), {"service": " "}, 202, ""),
        ((SAMPLES / "trivy.json").read_bytes(), {"service": "s" * 201}, 422, "service: "),
        (
            (SAMPLES / "trivy.json").read_bytes(),
            {"service": "shop", "severity": "P9"},
            422,
            "severity: ",
        ),
    ],
    ids=range(8),
)
def test_what_is_wrong_is_said(
    intake: Intake, content: bytes, parameters: dict[str, str], status: int, reason: str
) -> None:
    """And nothing is stored then."""
    answer = send(intake, content, **parameters)

    assert status == answer.status_code
    assert reason in answer.text
    assert (status == 202) == bool(intake.incidents())


def test_nobody_comes_in_without_the_token(empty_intake: Intake) -> None:
    """Before the report is read."""
    answer = empty_intake.client.post("/v1/findings?service=shop", content=EMPTY)

    assert 401 == answer.status_code


def test_its_limit_is_its_own(start_intake: StartIntake) -> None:
    """A report may be larger than an alert, and not larger than its limit."""
    intake = start_intake(intake={"max_body_bytes": 100, "max_report_bytes": 1000})

    assert 200 == send(intake, EMPTY + b" " * 500, service="shop").status_code
    assert 413 == send(intake, EMPTY + b" " * 1000, service="shop").status_code
    alert = json.dumps({"type": "drift", "description": "d" * 200})
    assert 413 == intake.ask("POST", "/v1/alerts", content=alert).status_code


def test_findings_that_somebody_made_up_must_be_right(empty_intake: Intake) -> None:
    """The field is named."""
    alert = {"type": "security", "details": {"findings": [{"id": "x"}]}}
    answer = empty_intake.ask("POST", "/v1/alerts", json=alert)

    assert 422 == answer.status_code
    assert "details.findings.0.tool: " in answer.json()["detail"]


def test_a_large_report_keeps_no_alert_waiting(intake: Intake) -> None:
    """Another process parses it; the error still says what is wrong with it."""
    report = json.loads((SAMPLES / "bandit.sarif").read_bytes())
    (run,) = report["runs"]
    first = run["results"][0]
    lines = ({**first, "message": {"text": f"finding {number}"}} for number in range(20_000))
    run["results"] = list(lines)
    large = json.dumps(report).encode()
    assert len(large) > LARGE
    waits: list[float] = []
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(send, intake, large, service="shop", severity="P4")
        while not sent.done():
            before = time.monotonic()
            intake.ask("GET", "/incidents?limit=1")
            waits.append(time.monotonic() - before)

    assert len(waits) > 1  # it answered meanwhile
    assert (202, 20_000) == (sent.result().status_code, sent.result().json()["findings"])
    assert "cut off" in send(intake, large[:-5], service="shop").text


def test_masked_findings_can_be_read(intake: Intake) -> None:
    """A title full of addresses grows when they are masked."""
    finding = {"id": "C", "tool": "t", "severity": "P4", "title": "a@b.example " * 41}
    incident_id = intake.report(severity="P4", details={"findings": [finding]})
    (found,) = scan_of(intake.store.alert(incident_id)).findings

    assert 500 == len(found.title)
    assert "a@b" not in found.title
