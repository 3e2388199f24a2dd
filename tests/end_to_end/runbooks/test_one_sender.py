"""One broken sender buries nobody: its storm is one incident, and what is not waits its turn."""

from __future__ import annotations

from functools import partial
from typing import Any

from fixtures.stack import Stack

SIZE = 30


def test_600_alerts_of_one_sender_start_one_runbook(stack: Stack) -> None:
    """Another service's P1 among them is paged and responded to as if it were alone."""
    alerts = [
        {
            "type": "unknown",
            "severity": "P1",
            "service": "one-sender",
            "dedupKey": f"one-sender {number}",
            "description": f"check {number} fails",
        }
        for number in range(600)
    ]
    answers = stack.ask("POST", "/v1/alerts", json=alerts).json()["incidents"]
    real = stack.report("one-sender-real", type="unknown")
    assert "done" == stack.wait_until_over(real), stack.logs()
    (storm,) = {answer["incidentId"] for answer in answers}
    assert "done" == stack.wait_until_over(storm), stack.logs()

    assert 1 == sum(answer["new"] for answer in answers)
    assert {1} == {len(stack.pagerduty.alerts[each].events) for each in (storm, real)}
    shown = stack.command("incidents", "show", storm).stdout
    assert "alerts (600), newest first:" in shown
    assert "and 580 more kinds of alert: --json shows all" in shown


def test_the_runs_of_one_service_wait_for_those_of_another(stack: Stack) -> None:
    """Findings are worked on one by one; a P1 of another service is not behind all of them."""
    findings = [
        {
            "type": "security",
            "severity": "P1",
            "service": "one-service",
            "dedupKey": f"one-service {number}",
            "details": {"findings": [_finding(number)]},
        }
        for number in range(SIZE)
    ]
    answers = stack.ask("POST", "/v1/alerts", json=findings).json()["incidents"]
    ids = {answer["incidentId"] for answer in answers}
    real = stack.report("one-service-real", type="unknown")
    assert "done" == stack.wait_until_over(real), stack.logs()
    for incident_id in ids:
        stack.wait_for(partial(_is_done, stack, incident_id), 240)
    began = {each: stack.run(stack.run_id(each))["start_time"] for each in (real, *ids)}

    assert SIZE == len(ids)
    assert sum(began[each] < began[real] for each in ids) <= SIZE // 2


def _finding(number: int) -> dict[str, Any]:
    return {"id": f"CVE-2026-{number:04}", "severity": "P1", "tool": "scanner", "title": "bad"}


def _is_done(stack: Stack, incident_id: str) -> bool:
    return stack.state(incident_id) == "done"
