"""The automation is not on, or has done it often enough: people are paged, and nothing changes."""

from __future__ import annotations

from pathlib import Path

from fixtures.stack import FINAL, Stack
from samples.isolation import config_of
from samples.matrix_cells import ISOLATION
from samples.targets import command_target, git
from schemas.incident import Phase


def test_an_observed_runbook_changes_nothing_and_says_what_it_would_do(
    stack: Stack, tmp_path: Path
) -> None:
    """Prefect does not call it completed, `--wait` not done; switched on, the next one acts."""
    target = command_target(tmp_path).model_copy(update={"name": "seen", "services": ()})
    stack.configure(target)
    before = git(target.repository, "rev-parse", "HEAD")
    said = stack.command("automation", "observe", "--target", "seen", "--why", "it is new")
    assert 0 == said.returncode, said.stderr
    told = stack.command(
        "report", "deployment-failure", "--severity", "P1", "--service", "seen", "--wait"
    )
    incident_id = stack.incident_of("seen") or ""
    stack.wait_for(lambda: stack.run(stack.run_id(incident_id))["state_type"] in FINAL)
    run = stack.run(stack.run_id(incident_id))
    (would,) = [each for each in stack.actions(incident_id) if "is not rolled back" in each]

    assert 1 == told.returncode
    assert f"runbook: {Phase.WITHHELD.value}" in told.stdout
    assert "automation only observes for seen since " in told.stdout
    assert "; it would roll seen back to " in would
    assert ("COMPLETED", "Withheld") == (run["state"]["type"], run["state"]["name"])
    assert "open" == stack.incident(incident_id)["status"]
    assert before == git(target.repository, "rev-parse", "HEAD")
    assert stack.pagerduty.alerts[incident_id].payload["custom_details"]["automation"]

    stack.command("dismiss", incident_id, "--reason", "a test")
    assert 0 == stack.command("automation", "on", "--target", "seen", "--why", "good").returncode
    told = stack.command(
        "report", "deployment-failure", "--severity", "P1", "--service", "seen", "--wait",
        "--description", "again",
    )  # fmt: skip
    assert 0 == told.returncode, told.stderr
    assert before != git(target.repository, "rev-parse", "HEAD")


def test_beyond_the_limit_a_person_takes_over(stack: Stack, tmp_path: Path) -> None:
    """The run fails, and pages; where the limit is 0 at the first time."""
    target = command_target(tmp_path).model_copy(update={"name": "often", "services": ()})
    limit = "[automation.limits.isolation]\nper_hour = 0\n"
    stack.configure(more=f"{config_of(target)}\n[targets.often.isolation]\n{ISOLATION}\n{limit}")
    incident_id = stack.report("often", type="security")
    stack.wait_until_over(incident_id)

    pages = [each.payload["summary"] for each in stack.pagerduty.alerts.values()]
    stopped = "automation stopped, take over: often is not isolated: none is done by itself"
    assert any(stopped in each for each in pages)
    assert not (target.repository / "run/isolated").exists()
    assert any(each.startswith("kept ") for each in stack.actions(incident_id))
    assert "open" == stack.incident(incident_id)["status"]
    stack.command("dismiss", incident_id, "--reason", "a test")
