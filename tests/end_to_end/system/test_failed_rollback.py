"""A rollback that cannot be done: a clear message, a true record, and a page that arrives."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from fixtures.stack import Stack
from samples.targets import ComposeSample, command_target, git, write_history, write_json
from schemas.settings import Target
from schemas.validation import validate
from tasks.deploy.running_commit import running_commit


class Case(NamedTuple):
    """What is wrong with the target, and what the record has to say."""

    name: str
    spoil: Callable[[Target], object]
    said: str


def _only_candidate(target: Target) -> str:
    deployments = json.loads(target.history_path.read_text())["deployments"]
    return str(next(each["commit"] for each in deployments if each["status"] == "healthy"))


def _without_provenance(target: Target) -> None:
    target.provenance_path(_only_candidate(target)).unlink()


def _without_stages(target: Target) -> None:
    write_json(target.provenance_path(_only_candidate(target)), {"stages": {}})


def _with_a_failed_gate(target: Target) -> None:
    stages = {gate: {"status": "pass"} for gate in target.required_gates}
    stages[target.required_gates[0]] = {"status": "fail"}
    write_json(target.provenance_path(_only_candidate(target)), {"stages": stages})


def _without_a_healthy_release(target: Target) -> None:
    write_history(target, (_only_candidate(target), "failed"))


def _with_local_changes(target: Target) -> None:
    (target.repository / "app.conf").write_text("changed by hand\n")


CASES = (
    Case("no-provenance", _without_provenance, "provenance"),
    Case("empty-provenance", _without_stages, "no gate results"),
    Case("failed-gate", _with_a_failed_gate, "has status 'fail'"),
    Case("no-healthy-release", _without_a_healthy_release, "no healthy release"),
    Case("dirty-tree", _with_local_changes, "app.conf"),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_rollback_that_is_refused_says_why_and_pages(
    stack: Stack, tmp_path: Path, case: Case
) -> None:
    """Nothing is changed; the record says why; the page says that the automation failed."""
    target = command_target(tmp_path).model_copy(update={"name": case.name, "services": ()})
    case.spoil(target)
    stack.configure(target)
    before = running_commit(target)

    incident_id = stack.report(case.name)
    assert "failed" == stack.wait_until_over(incident_id), stack.logs()

    assert before == running_commit(target)
    record = stack.incident(incident_id)
    validate("incident", record)
    assert "open" == record["status"]
    failures = [text for text in stack.actions(incident_id) if text.startswith("FAILED")]
    assert 1 == len(failures), failures
    assert case.said in failures[0]
    _was_handed_over(stack, incident_id, case.said)


def test_a_retry_asked_for_on_the_page_goes_on_from_there(stack: Stack, tmp_path: Path) -> None:
    """The intake knows no Prefect: the dispatcher asks for it, and the person is on record."""
    name = "tried-again"
    target = command_target(tmp_path).model_copy(update={"name": name, "services": ()})
    stack.configure(target)
    _with_local_changes(target)
    incident_id = stack.report(name)
    assert "failed" == stack.wait_until_over(incident_id), stack.logs()
    git(target.repository, "checkout", "--quiet", "--", "app.conf")

    answer = stack.ask("POST", f"/v1/incidents/{incident_id}/retry", json={})

    assert 200 == answer.status_code, answer.text
    stack.wait_for(lambda: stack.incident(incident_id)["status"] == "mitigated")
    [asked] = [
        each
        for each in stack.incident(incident_id)["actionsTaken"]
        if each["action"].startswith("asked for a retry")
    ]
    assert "ann (token)" == asked["actor"]
    assert 1 == len(stack.pagerduty.alerts[incident_id].events)
    again = stack.ask("POST", f"/v1/incidents/{incident_id}/retry", json={})
    assert 409 == again.status_code


def test_retry_of_what_was_resolved_meanwhile_does_nothing(stack: Stack, tmp_path: Path) -> None:
    """Somebody repaired it in another way and resolved it: Retry must not roll that back."""
    name = "resolved-meanwhile"
    target = command_target(tmp_path).model_copy(update={"name": name, "services": ()})
    proof = target.provenance_path(_only_candidate(target))
    content = proof.read_text()
    proof.unlink()
    stack.configure(target)
    before = running_commit(target)
    incident_id = stack.report(name)
    assert "failed" == stack.wait_until_over(incident_id), stack.logs()
    run_id = stack.run_id(incident_id)

    proof.write_text(content)
    assert (
        0
        == stack.command(
            "resolve", incident_id, "--disposition", "fixed", "--root-cause", "a test"
        ).returncode
    )
    stack.press_retry(run_id)
    stack.wait_for(lambda: stack.run(run_id)["state_type"] == "COMPLETED")

    assert "AlreadyHandled" == stack.run(run_id)["state_name"]
    assert before == running_commit(target)
    assert "resolved" == stack.pagerduty.alerts[incident_id].state


def test_a_release_that_stays_unhealthy_is_put_back(stack: Stack, tmp_path: Path) -> None:
    """The health check never passes: what was running runs again, and the on-call knows."""
    target = command_target(tmp_path)
    health = target.health.model_copy(update={"command": ("false",), "deadline": 0.5})
    target = target.model_copy(update={"name": "unhealthy", "services": (), "health": health})
    stack.configure(target)
    before = running_commit(target)

    incident_id = stack.report("unhealthy")
    assert "failed" == stack.wait_until_over(incident_id), stack.logs()

    assert before == running_commit(target)
    [failure] = [text for text in stack.actions(incident_id) if text.startswith("FAILED")]
    assert "health" in failure
    _was_handed_over(stack, incident_id, "health")


def test_a_build_that_fails_leaves_what_was_running(
    stack: Stack, compose_sample: ComposeSample
) -> None:
    """Compose cannot build the good release: the bad one still serves, and the on-call knows."""
    target = compose_sample.target
    dockerfile = compose_sample.path / "Dockerfile"
    broken = dockerfile.read_text() + "COPY not-there /\n"
    git(compose_sample.path, "checkout", "--quiet", compose_sample.good)
    dockerfile.write_text(broken)
    git(compose_sample.path, "commit", "--quiet", "--all", "--message", "Cannot be built")
    cannot_build = git(compose_sample.path, "rev-parse", "HEAD")
    git(compose_sample.path, "checkout", "--quiet", "main")
    write_history(target, (cannot_build, "healthy"), (compose_sample.bad, "failed"))
    write_json(
        target.provenance_path(cannot_build),
        {"stages": {gate: {"status": "pass"} for gate in target.required_gates}},
    )
    stack.configure(target)

    incident_id = stack.report(target.name)
    assert "failed" == stack.wait_until_over(incident_id), stack.logs()

    [failure] = [text for text in stack.actions(incident_id) if text.startswith("FAILED")]
    assert "build" in failure
    _was_handed_over(stack, incident_id, "build")


def test_docker_down_is_said_before_anything_is_changed(
    stack: Stack, compose_sample: ComposeSample
) -> None:
    """With no Docker to speak to, the rollback by hand stops at once, on record, and pages."""
    stack.configure(compose_sample.target)
    head = git(compose_sample.path, "rev-parse", "HEAD")

    ran = stack.command(
        "rollback",
        "--target",
        compose_sample.target.name,
        DOCKER_HOST="unix:///nowhere/docker.sock",
    )

    assert 1 == ran.returncode
    assert "Docker" in ran.stderr
    assert head == git(compose_sample.path, "rev-parse", "HEAD")
    name = compose_sample.target.name
    [page] = [alert for alert in stack.pagerduty.alerts.values() if name in str(alert.events)]
    assert "Docker" in page.payload["summary"]


@pytest.mark.parametrize(
    ("commit", "said"),
    [("f" * 40, "unknown"), ("--upload-pack=touch /tmp/pwned", "not a commit")],
    ids=["unknown-sha", "not-a-sha"],
)
def test_the_rollback_runbook_refuses_what_is_no_proven_commit(
    stack: Stack, tmp_path: Path, commit: str, said: str
) -> None:
    """`rollback/by hand` with a commit that is unknown, or none at all: refused, and paged."""
    name = f"refuse-{said.split(maxsplit=1)[0]}"
    target = command_target(tmp_path).model_copy(update={"name": name, "services": ()})
    stack.configure(target)
    before = running_commit(target)
    deployment = stack.prefect("GET", "/deployments/name/rollback/by hand")

    run = stack.prefect(
        "POST",
        f"/deployments/{deployment['id']}/create_flow_run",
        json={"parameters": {"target": name, "to_commit": commit}, "state": {"type": "SCHEDULED"}},
    )
    stack.wait_for(lambda: stack.run(run["id"])["state_type"] == "FAILED")

    assert before == running_commit(target)
    [alert] = [a for a in stack.pagerduty.alerts.values() if name in str(a.events)]
    assert said in str(alert.events)


def _was_handed_over(stack: Stack, incident_id: str, said: str) -> None:
    """The on-call got the page, and another one that rings: the automation failed, and why."""
    events = stack.pagerduty.alerts[incident_id].events
    assert ["trigger"] == [event["event_action"] for event in events]
    [summary] = stack.handed_over(incident_id)
    assert "automation FAILED" in summary
    assert said in summary
