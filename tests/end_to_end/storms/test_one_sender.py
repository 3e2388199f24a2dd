"""One broken sender buries nobody: its storm is one incident."""

from __future__ import annotations

from fixtures.stack import Stack


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
