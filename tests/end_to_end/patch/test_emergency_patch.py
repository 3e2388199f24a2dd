"""A vulnerable dependency in production: patched, proven, approved by a person, deployed."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fixtures.stack import Stack
from processes.emergency_patch import decide, resume, start, wait_for_state
from samples.patch_findings import details, vulnerable
from samples.targets import command_target, git
from schemas.people import Actor, Method
from schemas.release import History
from schemas.settings import Target, load_settings
from schemas.validation import validate
from tasks.deploy.running_commit import running_commit
from tasks.people.acts import perform
from tasks.store import open_store

OVER = ("COMPLETED", "FAILED", "CRASHED")
GATES = """
[targets.{name}.patch]
gates = {{ tests = ["grep", "-q", "2.31.0", "requirements.txt"], security-scan = ["true"] }}
approval_timeout = {timeout}
"""


def without_page(actions: list[str]) -> list[str]:
    """Without the end of the page, which another run puts on record at a moment of its own."""
    return [action for action in actions if not action.startswith("resolved the page")]


def vulnerable_target(stack: Stack, directory: Path, name: str, timeout: int = 3600) -> Target:
    """A release that asks for a vulnerable package runs, and someone works in the work tree."""
    target = command_target(directory).model_copy(update={"name": name, "services": ()})
    repository = target.repository
    (repository / "app.conf").write_text("status=ok\n")
    (repository / "requirements.txt").write_text("flask==3.0.0\nrequests==2.30.0  # http\n")
    git(repository, "add", "app.conf", "requirements.txt")
    git(repository, "commit", "--quiet", "--message", "Ask for requests")
    running = git(repository, "rev-parse", "HEAD")
    git(repository, "reset", "--quiet", "--hard")
    deploy = [word.replace("{commit}", running) for word in target.deploy_command]
    subprocess.run(deploy, cwd=repository, check=True)
    history = json.loads(target.history_path.read_text())
    now = datetime.now(UTC).isoformat()
    history["deployments"].append({"commit": running, "status": "healthy", "deployedAt": now})
    target.history_path.write_text(json.dumps(history))
    stack.configure(target, more=GATES.format(name=name, timeout=timeout))
    return target


def alerted(stack: Stack, name: str) -> str:
    """The incident that a finding opened, after its own runbook has completed."""
    found = vulnerable("requests", "2.31.0", "2.32.0", installed="2.30.0")
    incident_id = stack.report(
        name, "P2", type="unknown", description="CVE", details=details(found)
    )
    stack.wait_until_over(incident_id)
    return incident_id


@pytest.mark.proves("REQ-009-10", "IR-CONTAIN")
def test_a_hotfix_is_proven_approved_deployed_and_on_record(stack: Stack, tmp_path: Path) -> None:
    """From the finding to the resolved incident; nothing is deployed before a person approves."""
    target = vulnerable_target(stack, tmp_path, "patched")
    vulnerable_commit = running_commit(target)
    incident_id = alerted(stack, "patched")
    run_id = start(stack, incident_id)

    wait_for_state(stack, run_id, "Suspended", "Failed")
    assert "Suspended" == stack.run(run_id)["state_name"], stack.logs()
    assert vulnerable_commit == running_commit(target)
    branch = f"hotfix/{incident_id}"
    hotfix = git(target.repository, "rev-parse", branch)
    changed = git(target.repository, "diff", f"{vulnerable_commit}..{hotfix}")
    assert "+requests==2.31.0  # http" in changed
    assert incident_id in git(target.repository, "log", "-1", "--format=%B", branch)
    assert "aeef approve" in "\n".join(stack.actions(incident_id))
    link = stack.ask("GET", f"/incidents/{incident_id}/run/emergency-patch")
    assert run_id in link.headers["location"]
    assert incident_id in stack.command("approve").stdout

    refused = resume(stack, run_id, decision="approve", approver="Ada Lovelace")
    assert "REJECT" == refused["status"], refused  # a name in a form proves nothing
    approved = decide(stack, incident_id)
    assert 0 == approved.returncode, approved.stderr
    wait_for_state(stack, run_id, "Completed", "Failed")

    assert "Completed" == stack.run(run_id)["state_name"], stack.logs()
    assert hotfix == running_commit(target)
    record = stack.incident(incident_id)
    validate("incident", record)
    assert "resolved" == record["status"]
    said = stack.actions(incident_id)
    by = "ann (token)"
    assert 1 == said.count(f"the hotfix of patched was approved by {by}"), said
    assert 1 == sum(each.startswith("deployed the hotfix") for each in said), said
    history = History.model_validate_json(target.history_path.read_bytes())
    assert (hotfix, "healthy") == (
        history.newest_first()[0].commit,
        history.newest_first()[0].status,
    )
    assert vulnerable_commit not in [each.commit for each in history.candidates(hotfix)]
    stages = json.loads(target.provenance_path(hotfix).read_text())["stages"]
    assert {"pass"} == {stage["status"] for stage in stages.values()}
    stack.press_retry(run_id, force=True)
    wait_for_state(stack, run_id, "AlreadyHandled")
    assert without_page(said) == without_page(stack.actions(incident_id))


@pytest.mark.proves("REQ-009-10")
def test_a_rejection_deploys_nothing(stack: Stack, tmp_path: Path) -> None:
    """By the command line; the reason is on record, masked, the incident stays as it was."""
    target = vulnerable_target(stack, tmp_path, "rejected")
    before = running_commit(target)
    incident_id = alerted(stack, "rejected")
    status = stack.incident(incident_id)["status"]
    assert 1 == decide(stack, incident_id).returncode
    run_id = start(stack, incident_id)
    wait_for_state(stack, run_id, "Suspended", "Failed")

    comment = "too late for alice.liddell@example.com"
    ran = decide(stack, incident_id, "--reject", "--comment", comment)
    assert 0 == ran.returncode, ran.stderr
    kept = stack.prefect(
        "POST", f"/flow_runs/{run_id}/input/filter", json={"prefix": "", "limit": 50}
    )
    assert "alice" not in str(kept)
    wait_for_state(stack, run_id, "Completed", "Failed")

    assert before == running_commit(target)
    rejected = "the hotfix of rejected was rejected by ann (token): too late for [email "
    assert any(each.startswith(rejected) for each in stack.actions(incident_id))
    assert status == stack.incident(incident_id)["status"]
    assert 1 == decide(stack, incident_id).returncode


def test_nobody_answers_then_retry_asks_again(stack: Stack, tmp_path: Path) -> None:
    """The run fails and pages; Retry asks again, and uses the prepared hotfix."""
    vulnerable_target(stack, tmp_path, "unanswered", timeout=2)
    incident_id = alerted(stack, "unanswered")
    run_id = start(stack, incident_id)
    wait_for_state(stack, run_id, "Failed")
    stack.wait_for(lambda: any(run_id in each for each in stack.handed_over(incident_id)))

    stack.press_retry(run_id)
    wait_for_state(stack, run_id, "Suspended")

    asked = [each for each in stack.actions(incident_id) if "waits for approval" in each]
    assert 2 == sum(each.startswith("asked to approve") for each in stack.actions(incident_id))
    assert len(asked) <= 4  # the question and its page, each time that it is asked
    assert 1 == sum(each.startswith("prepared") for each in stack.actions(incident_id))


PEOPLE = """
[approvals.hotfix]
needs = ["engineering", "security"]
[people.ada]
roles = ["approver-engineering", "approver-security"]
[people.eve]
roles = ["approver-security"]
"""


def sign(stack: Stack, incident_id: str, name: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """As a page, or Slack, does it for a person whom it has signed in."""
    for variable, value in stack.env.items():
        monkeypatch.setenv(variable, value)
    settings = load_settings()
    actor = Actor(name, Method.TOKEN, settings.people[name])
    try:
        return perform("approve", incident_id, {}, actor, settings).said
    finally:
        open_store(settings).close()


def test_two_people_sign_and_the_run_goes_on_by_itself(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No name that is typed counts, in no form; one of two is not enough; nobody is paged anew."""
    target = vulnerable_target(stack, tmp_path, "signed")
    stack.configure(target, more=GATES.format(name="signed", timeout=3600) + PEOPLE)
    before = running_commit(target)
    incident_id = alerted(stack, "signed")
    run_id = start(stack, incident_id)
    wait_for_state(stack, run_id, "Suspended", "Failed")
    assert "Suspended" == stack.run(run_id)["state_name"], stack.logs()

    made_up = resume(stack, run_id, decision="approve", approver="Ada")
    assert "REJECT" == made_up["status"], made_up
    assert 1 == stack.command("approve", incident_id, "--approver", "Ada").returncode
    assert 1 == stack.command("approve", incident_id).returncode
    assert "it still needs Security" in sign(stack, incident_id, "ada", monkeypatch)
    asked = stack.run(run_id)["state_id"]
    assert "ACCEPT" == resume(stack, run_id, decision="look again")["status"]
    stack.wait_for(
        lambda: (
            stack.run(run_id)["state_name"] in ("Suspended", "Failed")
            and stack.run(run_id)["state_id"] != asked
        )
    )
    assert before == running_commit(target)
    assert "goes on" in sign(stack, incident_id, "eve", monkeypatch)
    wait_for_state(stack, run_id, "Completed", "Failed")

    assert "Completed" == stack.run(run_id)["state_name"], stack.logs()
    assert before != running_commit(target)
    said = stack.actions(incident_id)
    approved = "the hotfix of signed was approved by ada (token), eve (token)"
    assert 1 == said.count(approved), said
    assert 1 == sum(each.startswith("the hotfix of signed waits") for each in said), said
    pages = [each for each in said if each.startswith("paged") and "waits for approval" in each]
    assert 1 == len(pages)
