"""Isolate, restore and collect evidence by hand, in Prefect."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fixtures.stack import Stack
from processes.emergency_patch import decide
from samples.compose import Compose
from samples.isolation import IsolationSample, running_shop

APPROVER = "Ada Lovelace"


@pytest.fixture
def sample(stack: Stack, tmp_path: Path, compose: Compose) -> Iterator[IsolationSample]:
    """The shop, running and configured in the stack."""
    with running_shop(tmp_path, compose) as made:
        stack.configure(made.target)
        yield made


def run_by_hand(stack: Stack, flow: str, **parameters: Any) -> dict[str, Any]:
    """Run a deployment as a person does in the UI; the run's state when it is over."""
    deployment = stack.prefect("GET", f"/deployments/name/{flow}/respond")
    path = f"/deployments/{deployment['id']}/create_flow_run"
    run_id = stack.prefect("POST", path, json={"parameters": parameters})["id"]
    over = {"COMPLETED", "FAILED", "CRASHED"}
    stack.wait_for(lambda: stack.run(run_id)["state"]["type"] in over)
    state: dict[str, Any] = stack.run(run_id)["state"]
    return state


def records_of(stack: Stack, service: str) -> list[str]:
    """The incidents of a service."""
    found = stack.ask("GET", "/incidents").json()
    return [i["incidentId"] for i in found if service in i.get("affectedServices", [])]


def test_isolate_and_restore_by_hand(stack: Stack, sample: IsolationSample) -> None:
    """A dry run changes nothing, nothing is restored without a name, both are on one record."""
    shop = {"target": sample.target.name}
    before = sample.settings(sample.container("web"))

    assert "COMPLETED" == run_by_hand(stack, "isolate-service", **shop, dry_run=True)["type"]
    assert sample.answers()
    refused = run_by_hand(stack, "isolate-service", target="; rm -rf /")
    assert ("FAILED", True) == (refused["type"], "is configured" in refused["message"])
    done = run_by_hand(stack, "isolate-service", **shop, requested_by="grace", reason="odd")
    assert "COMPLETED" == done["type"], done
    assert not sample.answers()
    [incident_id] = records_of(stack, sample.target.name)
    assert "mitigated" == stack.incident(incident_id)["status"]

    refused = run_by_hand(stack, "restore-service", **shop, approver=APPROVER)
    assert ("FAILED", True) == (refused["type"], "stays isolated" in refused["message"])
    assert not sample.answers()
    assert 1 == stack.command("restore", "--target", sample.target.name).returncode
    assert 0 == decide(stack, incident_id).returncode
    stack.wait_for(lambda: before == sample.settings(sample.container("web")))
    assert [incident_id] == records_of(stack, sample.target.name)
    said = "\n".join(stack.actions(incident_id))
    for text in (
        "kept ",
        f"isolated {sample.target.name}, verified",
        "was approved by ann (token)",
    ):
        assert text in said
    assert incident_id not in stack.pagerduty.alerts
    assert [] == stack.handed_over(incident_id)
    assert 0 == stack.command("audit", "verify").returncode


def test_collect_evidence_by_hand(stack: Stack, sample: IsolationSample) -> None:
    """The evidence is sealed, on a record of its own, and nothing is changed."""
    before = sample.settings(sample.container("web"))

    done = run_by_hand(stack, "collect-evidence", target=sample.target.name, services=["web"])

    assert "COMPLETED" == done["type"], done
    [incident_id] = records_of(stack, sample.target.name)
    said = "\n".join(stack.actions(incident_id))
    assert "files of evidence of 1 containers as it stands; manifest sha256 " in said
    assert before == sample.settings(sample.container("web"))
    assert incident_id not in stack.pagerduty.alerts
