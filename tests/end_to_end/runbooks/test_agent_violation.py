"""An agent goes beyond its contract: stopped, judged, on record, reviewed, and resumed by name."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fixtures.stack import Stack
from processes.emergency_patch import decide
from processes.killing import kill_worker
from samples.agents import APPROVER, AgentSample, agent_containers, around
from samples.compose import docker_missing
from schemas.validation import validate
from standins.control_plane import TOKEN, ControlPlane
from support import not_available

HOSTILE = "<!channel> *x* [x](http://evil) `; rm -rf /`"


@pytest.fixture
def plane() -> Iterator[ControlPlane]:
    """A control plane for the running system."""
    with ControlPlane() as running:
        yield running
        running.recover()
        assert [] == running.violations


def configure(stack: Stack, plane: ControlPlane, *samples: AgentSample) -> None:
    """Add targets with agents to the config file."""
    targets = [each.target.model_copy(update={"agents": None}) for each in samples]
    stack.configure(*targets, more="\n".join(each.toml(plane) for each in samples))


def report(stack: Stack, sample: AgentSample, severity: str) -> str:
    """Send an alert of a violation."""
    return stack.report(
        sample.target.name,
        severity,
        type="agent-violation",
        description=HOSTILE,
        labels={"agent": sample.agent_id},
    )


def run_by_hand(stack: Stack, flow: str, **parameters: Any) -> dict[str, Any]:
    """Run a deployment as a person does in the UI; the run when it is over."""
    run_id = begin_by_hand(stack, flow, **parameters)
    over = {"COMPLETED", "FAILED", "CRASHED"}
    stack.wait_for(lambda: stack.run(run_id)["state"]["type"] in over)
    return stack.run(run_id)


def begin_by_hand(stack: Stack, flow: str, **parameters: Any) -> str:
    """Start a deployment as a person does in the UI."""
    deployment = stack.prefect("GET", f"/deployments/name/{flow}/respond")
    path = f"/deployments/{deployment['id']}/create_flow_run"
    return str(stack.prefect("POST", path, json={"parameters": parameters})["id"])


@pytest.mark.proves("SPEC-TYPE-agent-violation-response", "REQ-009-19")
def test_every_severity_stops_the_agent_and_tells_whom_its_row_names(
    stack: Stack, tmp_path: Path, plane: ControlPlane
) -> None:
    """P1 to P4: suspended, extracted, reviewed; P1 also goes back to the last known good."""
    if missing := docker_missing():
        not_available(missing)
    samples = {
        severity: AgentSample(tmp_path / severity, containers=severity == "P1")
        for severity in ("P1", "P2", "P3", "P4")
    }
    for sample in samples.values():
        sample.log.write_text("".join(around(datetime.now(UTC))))
    configure(stack, plane, *samples.values())
    (tmp_path / "out").mkdir()
    with agent_containers(tmp_path / "out") as containers:
        container = containers.start(samples["P1"].agent_id)

        ids = {severity: report(stack, sample, severity) for severity, sample in samples.items()}
        for severity, incident_id in ids.items():
            assert "done" == stack.wait_until_over(incident_id), (severity, stack.logs())

        assert "paused" == containers.state(container)
    for severity, sample in samples.items():
        stopped_and_on_record(stack, plane, sample, ids[severity])
        assert (severity in ("P1", "P2")) == (ids[severity] in stack.pagerduty.alerts)
        labels = [issue.fields["labels"] for issue in stack.jira.issues]
        assert 1 == sum(f"aeef-{ids[severity]}" in each for each in labels)
        rolled_back = any("rolled" in each for each in stack.actions(ids[severity]))
        assert (severity == "P1") == rolled_back
    assert any("looked again" in each for each in stack.actions(ids["P1"]))
    assert 0 == stack.command("audit", "verify").returncode


def stopped_and_on_record(
    stack: Stack, plane: ControlPlane, sample: AgentSample, incident_id: str
) -> None:
    """Registry, control plane, record, evidence; nothing of the log's text goes out."""
    assert ("suspended", "suspended") == (sample.status, plane.status[sample.agent_id])
    record = stack.incident(incident_id)
    validate("incident", record)
    assert "mitigated" == record["status"]
    actions = stack.actions(incident_id)
    said = "\n".join(actions)
    assert "2 violate the contract (Bash: 1, DropTable: 1; audit.log:3, audit.log:5)" in said
    assert "1 lines are broken" in said
    assert "reviewed by Security and Platform" in said
    assert [1] * 3 == [
        sum(text.startswith(begins) for text in actions)
        for begins in ("kept ", "suspended agent", "extracted ")
    ]
    order = [each.split()[0] for each in actions]
    assert order.index("kept") < order.index("suspended") < order.index("extracted")
    folder = stack.home / "evidence" / incident_id
    manifest = hashlib.sha256((folder / "manifest.jsonl").read_bytes()).hexdigest()
    assert manifest in said
    assert {0o600} == {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert sample.text == (folder / "registry-before-suspension.json").read_text()
    told = json.dumps([record, [vars(m) for m in stack.slack.messages]], default=str)
    for secret in ("secret-input", TOKEN):
        assert secret not in told


def test_a_foreign_event_stops_the_agent(stack: Stack, tmp_path: Path, plane: ControlPlane) -> None:
    """Anyone may emit the event; the agent is named in its details."""
    sample = AgentSample(tmp_path)
    sample.log.write_text("".join(around(datetime.now(UTC))))
    configure(stack, plane, sample)
    name = f"foreign-{sample.agent_id}"
    event = {
        "occurred": (datetime.now(UTC) - timedelta(seconds=1)).isoformat(),
        "event": "aeef.incident.detected",
        "id": "00000000-0000-4000-8000-0000000000ae",
        "resource": {"prefect.resource.id": f"aeef.incident.{name}",
                     "aeef.type": "agent-violation"},
        "related": [],
        "payload": {"type": "agent-violation", "severity": "P2", "service": name,
                    "details": {"agent_id": sample.agent_id}},
    }  # fmt: skip

    stack.prefect("POST", "/events", json=[event])
    incident_id = stack.wait_for(lambda: stack.incident_of(name))

    assert "done" == stack.wait_until_over(incident_id), stack.logs()
    stopped_and_on_record(stack, plane, sample, incident_id)
    assert incident_id in stack.pagerduty.alerts


def test_what_could_not_be_stopped_pages_and_a_retry_completes_it(
    stack: Stack, tmp_path: Path, plane: ControlPlane
) -> None:
    """The control plane lies: the on-call is paged; Retry does only what is left."""
    sample = AgentSample(tmp_path)
    sample.log.write_text("".join(around(datetime.now(UTC))))
    configure(stack, plane, sample)
    plane.obeys = False

    incident_id = report(stack, sample, "P2")

    assert "failed" == stack.wait_until_over(incident_id), stack.logs()
    assert "suspended" == sample.status
    [page] = stack.handed_over(incident_id)
    assert "FAILED" in page
    assert "NOT verified" in page
    assert "mitigated" != stack.incident(incident_id)["status"]
    assert any("2 violate" in each for each in stack.actions(incident_id))
    plane.obeys = True
    stack.press_retry(stack.run_id(incident_id))
    stack.wait_for(lambda: stack.state(incident_id) == "done")
    stopped_and_on_record_after_retry(stack, plane, sample, incident_id)


def stopped_and_on_record_after_retry(
    stack: Stack, plane: ControlPlane, sample: AgentSample, incident_id: str
) -> None:
    """Everything is done, and what was done before the retry is there once."""
    assert ("suspended", "suspended") == (sample.status, plane.status[sample.agent_id])
    assert "mitigated" == stack.incident(incident_id)["status"]
    actions = stack.actions(incident_id)
    assert [1, 1, 1] == [
        sum(text.startswith(begins) for text in actions)
        for begins in ("kept ", "suspended agent", "extracted ")
    ]
    assert 0 == stack.command("audit", "verify").returncode


def test_killed_while_the_control_plane_is_told(
    stack: Stack, tmp_path: Path, plane: ControlPlane
) -> None:
    """`kill -9` after the control plane took the order; the run goes on and sends nothing twice."""
    sample = AgentSample(tmp_path)
    sample.log.write_text("".join(around(datetime.now(UTC))))
    configure(stack, plane, sample)
    plane.accept_then_stall(path="/suspend")
    incident_id = report(stack, sample, "P2")
    stack.wait_for(lambda: plane.orders)

    kill_worker(stack)
    plane.release()

    stack.wait_for(lambda: stack.state(incident_id) == "done")
    stopped_and_on_record_after_retry(stack, plane, sample, incident_id)
    assert [(sample.agent_id, "suspend")] == plane.orders


def test_two_agents_of_one_service_are_two_incidents(
    stack: Stack, tmp_path: Path, plane: ControlPlane
) -> None:
    """The second is not taken for a repetition of the first: both are stopped."""
    samples = [AgentSample(tmp_path / name) for name in "ab"]
    for sample in samples:
        sample.log.write_text("".join(around(datetime.now(UTC))))
    configure(stack, plane, *samples)
    service = f"shared-{samples[0].agent_id}"
    alert = {"type": "agent-violation", "description": "the same words"}

    ids = [
        stack.report(service, "P3", **alert, labels={"agent": each.agent_id}) for each in samples
    ]

    assert ids[0] != ids[1]
    for sample, incident_id in zip(samples, ids, strict=True):
        assert "done" == stack.wait_until_over(incident_id), stack.logs()
        assert "suspended" == sample.status


@pytest.mark.parametrize("agent_id", ["; rm -rf /", "../../x", ""])
def test_a_hostile_agent_id_pages_and_harms_nothing(
    stack: Stack, tmp_path: Path, plane: ControlPlane, agent_id: str
) -> None:
    """A clear message for a person, who takes over."""
    sample = AgentSample(tmp_path)
    configure(stack, plane, sample)

    incident_id = stack.report(
        sample.target.name, "P2", type="agent-violation", labels={"agent": agent_id}
    )

    assert "failed" == stack.wait_until_over(incident_id), stack.logs()
    [failure] = [text for text in stack.actions(incident_id) if text.startswith("FAILED")]
    assert "no agent" in failure
    assert not agent_id or agent_id not in failure
    assert incident_id in stack.pagerduty.alerts
    assert sample.text == sample.registry.read_text()
    assert [] == plane.orders


def test_suspend_and_resume_by_hand(stack: Stack, tmp_path: Path, plane: ControlPlane) -> None:
    """A dry run changes nothing; without the approver nothing is resumed; the undo is on record."""
    sample = AgentSample(tmp_path)
    sample.log.write_text("".join(around(datetime.now(UTC))))
    configure(stack, plane, sample)
    agent = {"agent_id": sample.agent_id}

    tried = run_by_hand(stack, "suspend-agent", **agent, dry_run=True)
    assert ("COMPLETED", "active") == (tried["state"]["type"], sample.status)
    done = run_by_hand(stack, "suspend-agent", **agent, requested_by="grace", reason="odd")
    assert "COMPLETED" == done["state"]["type"], done["state"]
    incident_id = stack.wait_for(lambda: stack.incident_of(sample.target.name))
    stopped_and_on_record(stack, plane, sample, incident_id)
    assert incident_id not in stack.pagerduty.alerts
    assert [] == stack.handed_over(incident_id)

    for approver in (APPROVER, "Somebody Else"):
        refused = run_by_hand(stack, "resume-agent", **agent, approver=approver)
        assert ("FAILED", "suspended") == (refused["state"]["type"], sample.status)
        assert "stays suspended" in refused["state"]["message"]
    assert incident_id not in stack.pagerduty.alerts
    assert [] == stack.handed_over(incident_id)
    run_id = begin_by_hand(stack, "resume-agent", **agent)
    stack.wait_for(lambda: decide(stack, incident_id).returncode == 0)
    stack.wait_for(lambda: stack.run(run_id)["state"]["type"] in ("COMPLETED", "FAILED"))
    assert "COMPLETED" == stack.run(run_id)["state"]["type"], stack.run(run_id)["state"]
    assert sample.text == sample.registry.read_text()
    assert "active" == plane.status[sample.agent_id]
    said = "\n".join(stack.actions(incident_id))
    assert "was approved by ann (token)" in said
    assert f"resumed {sample.agent}" in said
    assert 0 == stack.command("audit", "verify").returncode
