"""The emergency patch as a person starts, watches and answers it."""

from __future__ import annotations

import subprocess
from typing import Any

from fixtures.people import ANN
from fixtures.stack import Stack


def start(stack: Stack, incident_id: str) -> str:
    """Start the emergency patch as a person does."""
    deployment = stack.prefect("GET", "/deployments/name/emergency-patch/prepare")
    body = {"parameters": {"alert": {"incidentId": incident_id}}}
    created = stack.prefect("POST", f"/deployments/{deployment['id']}/create_flow_run", json=body)
    return str(created["id"])


def wait_for_state(stack: Stack, run_id: str, *names: str) -> dict[str, Any]:
    """The run, once it is in one of these states."""
    stack.wait_for(lambda: stack.run(run_id)["state_name"] in names)
    return stack.run(run_id)


def resume(stack: Stack, run_id: str, **answer: Any) -> Any:
    """What the form in Prefect's UI sends."""
    return stack.prefect("POST", f"/flow_runs/{run_id}/resume", json={"run_input": answer})


def decide(
    stack: Stack, incident_id: str, *more: str, person: str = ANN
) -> subprocess.CompletedProcess[str]:
    """Approve or reject what waits, as a person with a token on any machine."""
    token = stack.token_of(person)
    return stack.command("approve", incident_id, *more, AEEF_URL=stack.url, AEEF_TOKEN=token)
