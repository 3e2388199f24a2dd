"""`aeef report`: sends an alert to the intake, and prints what its runbook does."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

import httpx
import typer

from deployments.cli.terminal import plain
from deployments.intake.authentication import token_of
from schemas.errors import AeefError, ConfigurationError
from schemas.settings import Settings

ASK_SECONDS = 0.5


def report(
    settings: Settings,
    alert: Mapping[str, Any],
    *,
    wait: bool,
    timeout: float,
    as_json: bool,
) -> None:
    """Send the alert; with `wait`, print each action as it happens, and at the end the record.

    Raises AeefError when the intake does not take it, or the runbook fails or takes too long.
    """
    with httpx.Client(
        base_url=settings.intake_url,
        headers={"Authorization": f"Bearer {token_of(settings)}"},
        timeout=30,
        trust_env=False,
    ) as intake:
        given = {name: value for name, value in alert.items() if value not in (None, "")}
        opened = _ask(intake, "POST", "/v1/alerts", settings, json=given)
        if not as_json:
            what = "opened" if opened["new"] else "added to"
            typer.echo(plain(f"{what} incident {opened['incidentId']}  {opened['url']}"))
        if not wait:
            if as_json:
                typer.echo(json.dumps(opened, indent=2))
            return
        state = _follow(intake, settings, opened["incidentId"], timeout, quiet=as_json)
        record = _ask(intake, "GET", f"/incidents/{opened['incidentId']}", settings)
        typer.echo(json.dumps(record, indent=2))
        if state != "done":
            raise AeefError(
                f"the runbook did not complete ({state}); see {opened['url']}/run and take over"
            )


def _follow(
    intake: httpx.Client, settings: Settings, incident_id: str, timeout: float, *, quiet: bool
) -> str:
    """Print new actions until the runbook has ended; returns its state."""
    shown, last_state = 0, ""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        state: str = _ask(intake, "GET", f"/incidents/{incident_id}/runbook", settings)["state"]
        record = _ask(intake, "GET", f"/incidents/{incident_id}", settings)
        actions = record.get("actionsTaken", [])
        if not quiet:
            for action in actions[shown:]:
                typer.echo(plain(f"  {action['timestamp'][11:19]}  {action['action']}"))
            if state != last_state:
                typer.echo(plain(f"  runbook: {state}"))
        shown, last_state = len(actions), state
        if state in ("done", "failed"):
            return state
        time.sleep(ASK_SECONDS)
    return f"still {last_state} after {timeout:.0f} s"


def _ask(
    intake: httpx.Client, method: str, path: str, settings: Settings, **content: Any
) -> dict[str, Any]:
    try:
        answer = intake.request(method, path, **content)
    except httpx.HTTPError as error:
        raise ConfigurationError(
            f"the intake at {settings.intake_url} does not answer ({type(error).__name__}):"
            " start it with `aeef up`, or set AEEF_INTAKE__HOST and AEEF_INTAKE__PORT"
        ) from None
    try:
        content_of: dict[str, Any] = answer.json()
    except ValueError:
        content_of = {"detail": answer.text[:200]}
    if answer.is_error:
        raise AeefError(f"the intake answered {answer.status_code}: {content_of.get('detail')}")
    return content_of
