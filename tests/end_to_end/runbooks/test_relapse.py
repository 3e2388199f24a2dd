"""It breaks again after it was mitigated: people are called anew, and it is rolled back anew."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.stack import Stack
from samples.targets import command_target, git
from schemas.settings import Target
from tasks.deploy.running_commit import running_commit

QUICK_ESCALATION = """\
[routes.P1.escalation]
to = "VP Engineering"
after = 20.0
"""


@pytest.fixture
def impatient(stack: Stack) -> Iterator[Stack]:
    """The running system, for a test that has a P1 escalated soon; afterwards it is as before."""
    yield stack
    stack.forget_targets()


def deploy_the_bad_release_again(target: Target) -> None:
    """As a team does that does not know of the rollback."""
    git(target.repository, "checkout", "--quiet", "main")
    bad = git(target.repository, "rev-parse", "main")
    subprocess.run(["./deploy", bad], cwd=target.repository, check=True, timeout=60)


def rollbacks(target: Target) -> list[dict[str, str]]:
    """The rollbacks in the target's history."""
    found: list[dict[str, str]] = json.loads(target.history_path.read_text())["rollbacks"]
    return found


def test_a_second_outage_is_a_second_outage(impatient: Stack, tmp_path: Path) -> None:
    """A page under a new key, another run, another rollback, clocks anew; one end ends them all."""
    stack = impatient
    target = command_target(tmp_path).model_copy(update={"name": "again", "services": ()})
    stack.configure(target, more=QUICK_ESCALATION)
    assert 0 == stack.command("deploy").returncode
    incident_id = stack.report("again")
    assert 0 == stack.command("ack", incident_id).returncode
    assert "done" == stack.wait_until_over(incident_id), stack.logs()
    good, first_run = running_commit(target), stack.run_id(incident_id)

    deploy_the_bad_release_again(target)
    shown = stack.command("report", "deployment-failure", "--service", "again", "--wait")

    second = f"{incident_id}:occurrence-2"
    assert 0 == shown.returncode, shown.stdout + shown.stderr + stack.logs()
    steps, end = shown.stdout.split("runbook: done\n")
    assert f"({incident_id}) (mitigated)" in steps
    assert "relapse, occurrence 2: the service is broken now, seen at" in steps
    assert stack.run_id(incident_id) in steps
    assert first_run not in steps
    assert end.strip() == f"see {stack.url}/incidents/{incident_id}"
    assert "mitigated" == stack.incident(incident_id)["status"]
    assert good == running_commit(target)
    assert 2 == len({each["rollbackId"] for each in rollbacks(target)}) == len(rollbacks(target))
    stack.wait_for(lambda: second in stack.pagerduty.alerts)
    stack.wait_for(lambda: "acknowledged" == stack.pagerduty.alerts[incident_id].state, 30)
    assert stack.run(stack.run_id(incident_id))["name"].endswith(" (occurrence 2)")

    # Nobody takes the second page, though somebody took the first.
    escalated = f"{incident_id}:escalation:P1:1:occurrence-2"
    stack.wait_for(lambda: escalated in stack.pagerduty.alerts)
    assert f"{incident_id}:escalation:P1:1" not in stack.pagerduty.alerts

    # A report while it is well is attached, and nobody says that a runbook was done for it.
    well = stack.command("report", "deployment-failure", "--service", "again", "--wait")
    assert 0 == well.returncode, well.stderr
    assert "the service is well now, seen at" in well.stdout
    assert "no runbook was started for this report" in well.stdout
    assert "runbook: done" not in well.stdout

    assert (
        0
        == stack.command(
            "resolve", incident_id, "--disposition", "fixed", "--root-cause", "a test"
        ).returncode
    )
    rung = {k: v for k, v in stack.pagerduty.alerts.items() if k.startswith(incident_id)}
    assert {incident_id, second, escalated} == set(rung)
    stack.wait_for(lambda: {"resolved"} == {alert.state for alert in rung.values()})
    assert 0 == stack.command("audit", "verify").returncode


def test_a_report_for_which_nothing_was_started_is_not_done(
    stack: Stack,
) -> None:
    """The incident is open, and its run ended before: exit code 1, and the run is named."""
    first = stack.command("report", "unknown", "--severity", "P4", "--service", "odd",
                          "--description", "odd", "--wait")  # fmt: skip
    assert 0 == first.returncode, first.stdout + first.stderr + stack.logs()
    again = stack.command("report", "unknown", "--severity", "P4", "--service", "odd",
                          "--description", "odd", "--wait")  # fmt: skip

    assert 1 == again.returncode
    assert "ended before it: nothing was started for this report" in again.stdout
    assert "runbook: done" not in again.stdout
