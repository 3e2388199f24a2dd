"""`aeef deploy`: every flow and every automation is there, once, however often it is run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deployments.registry.automations import GONE, automations
from deployments.registry.catalog import (
    DEPLOYED,
    FLOWS,
    OLD_NAMES,
    RUNBOOK_OF,
    FlowRow,
    ScheduledRow,
    imported,
)
from fixtures.stack import Stack
from samples.targets import command_target
from schemas.incident import IncidentType


def test_registering_again_changes_nothing(stack: Stack) -> None:
    """The same deployments and automations, under the same ids; none of them is even written."""
    # The targets of tests before this one are in the forms.
    assert 0 == stack.command("deploy", PREFECT_API_URL=stack.prefect_api).returncode
    before, written = _registered(stack), _last_written(stack)

    ran = stack.command("deploy", PREFECT_API_URL=stack.prefect_api)

    assert 0 == ran.returncode, ran.stderr
    assert before == _registered(stack)
    assert written == _last_written(stack)
    deployments, rules = before
    assert {row.deployment for row in (*DEPLOYED, *OLD_NAMES)} == set(deployments)
    assert {row.name for row in automations()} == set(rules)


@pytest.mark.parametrize(
    "change",
    [
        {"description": "by hand"},
        {"entrypoint": "flows.moved.away"},
        {"tags": ["aeef", "by hand"]},
        {"job_variables": {"env": {}}},
        {"parameter_openapi_schema": {"type": "object", "properties": {}}},
        {"version": "0.0.1"},
        {"parameters": {"alert": {"incidentId": "another"}}},
        {"pull_steps": [{"prefect.deployments.steps.set_working_directory": {"directory": "/"}}]},
        {"enforce_parameter_schema": True},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_differs_is_registered_anew(stack: Stack, change: dict[str, Any]) -> None:
    """Whatever an older version, or somebody, made of a deployment."""
    path = "/deployments/name/triage/respond"
    before = stack.prefect("GET", path)
    [field] = change
    stack.prefect("PATCH", f"/deployments/{before['id']}", json=change)
    assert before[field] != stack.prefect("GET", path)[field]

    ran = stack.command("deploy", PREFECT_API_URL=stack.prefect_api)

    assert 0 == ran.returncode, ran.stderr
    assert before[field] == stack.prefect("GET", path)[field]


def test_automations_of_an_older_version_are_removed(stack: Stack) -> None:
    """They would call people beside the intake."""
    trigger = {"type": "event", "expect": ["x"], "posture": "Reactive", "threshold": 1}
    old = {"name": GONE[0], "trigger": trigger, "actions": [{"type": "do-nothing"}]}
    stack.prefect("POST", "/automations/", json=old)
    assert GONE[0] in _registered(stack)[1]

    ran = stack.command("deploy", PREFECT_API_URL=stack.prefect_api)

    assert f"automation '{GONE[0]}' removed: the intake escalates" in ran.stdout
    assert GONE[0] not in _registered(stack)[1]


@pytest.mark.parametrize("row", DEPLOYED, ids=lambda row: row.deployment)
def test_a_deployments_row_has_the_name_of_its_flow(row: FlowRow | ScheduledRow) -> None:
    """Who asks for the deployment need not import the flow."""
    assert row.flow == imported(row.entrypoint).name


def test_a_form_offers_the_targets(stack: Stack, tmp_path: Path) -> None:
    """Whoever rolls back by hand chooses from a list; the old name of a deployment has it too."""
    stack.configure(command_target(tmp_path).model_copy(update={"name": "listed", "services": ()}))
    assert 0 == stack.command("deploy", PREFECT_API_URL=stack.prefect_api).returncode

    for name in ("rollback/by hand", "rollback/respond", "restore-service/by hand"):
        found = stack.prefect("GET", f"/deployments/name/{name}")
        target = found["parameter_openapi_schema"]["properties"]["target"]
        assert "listed" in target["enum"]


def test_a_name_says_what_starts_the_flow() -> None:
    """`respond` is what answers an incident; what a person starts says so; the old names stay."""
    names = {row.deployment for row in FLOWS}

    assert {f"{flow}/respond" for flow in (*RUNBOOK_OF.values(), "triage", "review")} == {
        name for name in names if name.endswith("/respond")
    }
    assert "rollback/by hand" in names
    assert {row.flow for row in OLD_NAMES} == {
        row.flow for row in FLOWS if not row.deployment.endswith("/respond")
    }
    assert {"respond"} == {row.name for row in OLD_NAMES}


def test_every_runbook_is_deployed() -> None:
    """An automation finds the flow that it runs."""
    assert {*RUNBOOK_OF.values(), "triage"} <= {row.flow for row in FLOWS}
    asked = {row.flow for row in automations()} - {None}
    assert asked <= {row.flow for row in FLOWS}


def test_health_asks_for_the_deployments_that_are_registered(stack: Stack) -> None:
    """Also the deployment of a flow in a subfolder: it is reported missing when it is deleted."""
    found = stack.prefect("GET", "/deployments/name/regulatory-clock/watch")
    stack.prefect("DELETE", f"/deployments/{found['id']}")
    try:
        stack.wait_for(lambda: "are missing (regulatory-clock/watch)" in _health(stack))
    finally:
        assert 0 == stack.command("deploy", PREFECT_API_URL=stack.prefect_api).returncode
    stack.wait_for(stack.is_ready)


def test_there_is_an_automation_for_every_incident_type(stack: Stack) -> None:
    """No alert of any type is left without a runbook."""
    _, rules = _registered(stack)

    assert {f"AEEF {incident_type}" for incident_type in IncidentType} <= set(rules)


def test_what_was_switched_off_stays_off_and_health_says_so(stack: Stack) -> None:
    """An operator's decision outlives `aeef deploy`, and nobody can overlook it."""
    _, rules = _registered(stack)
    path = f"/automations/{rules['AEEF drift']}"
    stack.prefect("PATCH", path, json={"enabled": False})
    try:
        stack.command("deploy", PREFECT_API_URL=stack.prefect_api)

        assert not stack.prefect("GET", path)["enabled"]
        stack.wait_for(lambda: "'AEEF drift' is switched off" in _health(stack))
    finally:
        stack.prefect("PATCH", path, json={"enabled": True})
    stack.wait_for(stack.is_ready)


def test_without_a_server_deploy_says_what_to_do(stack: Stack) -> None:
    """One line, no traceback, exit code 1."""
    ran = stack.command("deploy", PREFECT_API_URL="http://127.0.0.1:9/api")

    assert 1 == ran.returncode
    assert "Prefect's server does not answer" in ran.stderr
    assert "Traceback" not in ran.stderr


def _registered(stack: Stack) -> tuple[dict[str, str], dict[str, str]]:
    deployments: list[dict[str, Any]] = stack.prefect("POST", "/deployments/filter", json={})
    rules: list[dict[str, Any]] = stack.prefect("POST", "/automations/filter", json={})
    flows = {each["id"]: each["name"] for each in stack.prefect("POST", "/flows/filter", json={})}
    return (
        {f"{flows[each['flow_id']]}/{each['name']}": each["id"] for each in deployments},
        {each["name"]: each["id"] for each in rules if each["name"].startswith("AEEF")},
    )


def _last_written(stack: Stack) -> dict[str, str]:
    found: list[dict[str, Any]] = []
    for kind in ("deployments", "automations"):
        found += stack.prefect("POST", f"/{kind}/filter", json={})
    return {each["id"]: each["updated"] for each in found}


def _health(stack: Stack) -> str:
    return stack.ask("GET", "/ready").text
