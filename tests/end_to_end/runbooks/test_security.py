"""A vulnerability in what runs: evidence, isolation, findings on record; restored by name."""

from __future__ import annotations

import json
import stat
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import docker
import httpx
import pytest

from fixtures.stack import Stack
from processes.emergency_patch import decide
from samples.targets import GATES, ComposeSample, commit, git, prove, write_history
from schemas.validation import validate
from support import wait_until
from tasks.deploy.running_commit import running_commit

HOSTILE = "<!channel> CVE-2024-35195 [x](http://evil) `; rm -rf /` <script>alert(1)</script>"
FINDING = {
    "id": "CVE-2024-35195",
    "tool": "pip-audit",
    "severity": "P2",
    "title": "Requests does not verify certificates after the first request",
    "package": {
        "name": "requests",
        "ecosystem": "pypi",
        "installed": "2.31.0",
        "fixed": ["2.32.0"],
    },
}


def answers(sample: ComposeSample) -> bool:
    """True while the published port answers."""
    try:
        httpx.get(f"{sample.url}/version", timeout=2)
    except httpx.HTTPError:
        return False
    return True


def networks(sample: ComposeSample) -> dict[str, Any]:
    """The networks of the service's container, without what differs in each attachment."""
    label = f"com.docker.compose.project={sample.target.compose_project}"
    with closing(docker.from_env()) as client:
        (container,) = client.containers.list(filters={"label": label})
        assert "running" == container.status
        found = container.attrs["NetworkSettings"]["Networks"]
    return {
        name: (each["NetworkID"], each["IPAddress"], sorted(each["Aliases"] or []))
        for name, each in found.items()
    }


def isolated(sample: ComposeSample) -> bool:
    """True when a quarantine network is the only one."""
    return all(name.startswith("aeef-quarantine-") for name in networks(sample))


def run_by_hand(stack: Stack, flow: str, **parameters: Any) -> dict[str, Any]:
    """Run a deployment as a person does in the UI; the run when it is over."""
    deployment = stack.prefect("GET", f"/deployments/name/{flow}/respond")
    path = f"/deployments/{deployment['id']}/create_flow_run"
    run_id = stack.prefect("POST", path, json={"parameters": parameters})["id"]
    over = {"COMPLETED", "FAILED", "CRASHED"}
    stack.wait_for(lambda: stack.run(run_id)["state"]["type"] in over)
    return stack.run(run_id)


@pytest.mark.proves("SPEC-TYPE-security-response")
@pytest.mark.parametrize("severity", ["P1", "P2"])
def test_a_severe_finding_isolates_the_service_until_a_person_restores_it(
    stack: Stack, compose_sample: ComposeSample, severity: str
) -> None:
    """The containers run on, nothing answers, nothing is rolled back; the undo is exact."""
    name = compose_sample.target.name
    stack.configure(compose_sample.target)
    wait_until(lambda: answers(compose_sample))
    before = networks(compose_sample)

    incident_id = stack.report(
        name, severity, type="security", description=HOSTILE, details={"findings": [FINDING]}
    )

    assert "done" == stack.wait_until_over(incident_id), stack.logs()
    assert isolated(compose_sample)
    assert not answers(compose_sample)
    assert incident_id in stack.pagerduty.alerts
    record = stack.incident(incident_id)
    validate("incident", record)
    assert "mitigated" == record["status"]
    actions = stack.actions(incident_id)
    said = "\n".join(actions)
    assert "CVE-2024-35195" in said
    order = [text.split()[0] for text in actions]
    assert order.index("kept") < order.index("isolated")
    assert not any(text.startswith("rolled") for text in actions)
    assert (severity == "P1") == ("is not rolled back" in said)
    folder = stack.home / "evidence" / incident_id
    assert (folder / "findings.json").is_file()
    assert {0o600} == {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}

    refused = run_by_hand(stack, "restore-service", target=name, approver="Ada Lovelace")
    assert "FAILED" == refused["state"]["type"]
    asked = stack.command("restore", "--target", name)
    assert (1, True) == (asked.returncode, "waits for approval until" in asked.stderr)
    assert isolated(compose_sample)
    assert 0 == decide(stack, incident_id).returncode
    stack.wait_for(lambda: before == networks(compose_sample))
    wait_until(lambda: answers(compose_sample))
    by = "the restore of " + name + " was approved by ann (token)"
    assert by in "\n".join(stack.actions(incident_id))
    assert 0 == stack.command("audit", "verify").returncode


@pytest.mark.proves("SPEC-TYPE-security-response")
def test_from_the_finding_to_the_approved_hotfix(
    stack: Stack, compose_sample: ComposeSample
) -> None:
    """Isolated, patched, proven, approved, deployed, and reachable again; then it is over."""
    target = compose_sample.target
    release = commit(
        compose_sample.path, {"requirements.txt": "requests==2.31.0\n", "www/health": "{}"}
    )
    prove(target, release)
    write_history(target, (release, "healthy"))
    compose_sample.serve_bad()  # serves what is checked out
    wait_until(lambda: answers(compose_sample))
    gates = "".join(f'{gate} = ["grep", "-q", "2.32.0", "requirements.txt"]\n' for gate in GATES)
    stack.configure(target, more=f"[targets.{target.name}.patch.gates]\n{gates}")

    incident_id = stack.report(
        target.name, "P1", type="security", description="CVE", details={"findings": [FINDING]}
    )
    stack.wait_for(lambda: decide(stack, incident_id).returncode == 0)
    assert "done" == stack.wait_until_over(incident_id), stack.logs()
    stack.wait_for(lambda: "resolved" == stack.incident(incident_id)["status"])

    wait_until(lambda: answers(compose_sample))
    assert not any(name.startswith("aeef-quarantine-") for name in networks(compose_sample))
    hotfix = git(compose_sample.path, "rev-parse", f"hotfix/{incident_id}")
    assert hotfix == running_commit(target)
    [asked] = stack.handed_over(incident_id)
    assert "waits for approval" in asked
    order = [text.split(":")[0] for text in stack.actions(incident_id)]
    said = "\n".join(order)
    assert said.index("isolated ") < said.index("deployed the hotfix") < said.index("restored ")
    assert said.index(" before hotfix;") < said.index("deployed the hotfix")
    assert 0 == stack.command("audit", "verify").returncode
    stack.configure()


def test_a_mild_finding_is_recorded_and_takes_nothing_from_the_users(
    stack: Stack, compose_sample: ComposeSample, tmp_path: Path
) -> None:
    """P3 makes a ticket, P4 is logged; both by `aeef report`; the service goes on answering."""
    stack.configure(compose_sample.target)
    report = tmp_path / "audit.json"
    package = {"name": "requests", "version": "2.31.0"}
    vulnerability = {"id": "CVE-2024-35195", "fix_versions": ["2.32.0"], "description": "TLS"}
    report.write_text(json.dumps({"dependencies": [package | {"vulns": [vulnerability]}]}))
    wait_until(lambda: answers(compose_sample))
    for severity in ("P4", "P3"):
        told = stack.command(
            "report", "security", "--service", compose_sample.target.name, "--severity", severity,
            "--findings", str(report), "--json",
        )  # fmt: skip
        assert 0 == told.returncode, told.stderr
        incident_id = json.loads(told.stdout)["incidentId"]
        assert "done" == stack.wait_until_over(incident_id), stack.logs()

        said = "\n".join(stack.actions(incident_id))
        assert "was not isolated by this run" in said
        assert "CVE-2024-35195" in said
        assert incident_id not in stack.pagerduty.alerts
        ticket = any(f"aeef-{incident_id}" in i.fields["labels"] for i in stack.jira.issues)
        assert (severity == "P3") == ticket
    assert answers(compose_sample)


def test_a_foreign_event_isolates_too(stack: Stack, compose_sample: ComposeSample) -> None:
    """Anyone may emit the event."""
    name = compose_sample.target.name
    stack.configure(compose_sample.target)
    event = {
        "occurred": (datetime.now(UTC) - timedelta(seconds=1)).isoformat(),
        "event": "aeef.incident.detected",
        "id": "00000000-0000-4000-8000-00000000005e",
        "resource": {"prefect.resource.id": f"aeef.incident.{name}", "aeef.type": "security"},
        "related": [],
        "payload": {"type": "security", "severity": "P2", "service": name},
    }

    stack.prefect("POST", "/events", json=[event])

    stack.wait_for(lambda: isolated(compose_sample))
    assert not answers(compose_sample)


def test_a_finding_in_an_unknown_service_pages_and_isolates_nothing(stack: Stack) -> None:
    """A hostile name is text; the record says that nothing was isolated."""
    incident_id = stack.report("; rm -rf /", "P2", type="security", description=HOSTILE)

    assert "done" == stack.wait_until_over(incident_id), stack.logs()
    assert "nothing was isolated" in "\n".join(stack.actions(incident_id))
    assert incident_id in stack.pagerduty.alerts
