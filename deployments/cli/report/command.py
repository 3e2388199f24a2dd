"""The options of `aeef report`: what an alert is made of."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from schemas.incident import DRILL, IncidentType, Severity
from schemas.settings import load_settings
from tasks.base.home import make_home

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def report(
    incident_type: Annotated[IncidentType, typer.Argument(metavar="TYPE")],
    severity: Annotated[Severity | None, typer.Option(help="P1 to P4.")] = None,
    service: Annotated[str | None, typer.Option(help="The affected service.")] = None,
    description: Annotated[str, typer.Option(help="What happened.")] = "",
    wait: Annotated[bool, typer.Option(help="Show the steps; end with the link.")] = False,
    timeout: Annotated[float, typer.Option(help="Seconds to wait at most.")] = 900,
    findings: Annotated[
        list[Path] | None,
        typer.Option(
            help="A scanner's report, for `security`: SARIF, or the JSON of one that we know"
            " (docs/findings.md). May be given again."
        ),
    ] = None,
    patch: Annotated[
        Path | None, typer.Option(help="A unified diff that fixes it, for `security`.")
    ] = None,
    agent: Annotated[
        str | None, typer.Option(help="The agent's id, for `agent-violation`: it is suspended.")
    ] = None,
    drill: Annotated[
        bool, typer.Option("--drill", help="An exercise: everything is done, and marked as one.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Report an incident to the intake; with --wait, watch its runbook."""
    from deployments.cli.report.report import report as send

    alert: dict[str, Any] = {
        "type": incident_type,
        "severity": severity,
        "service": service,
        "description": description,
        "source": "cli",
    }
    if agent is not None:
        if incident_type is not IncidentType.AGENT_VIOLATION:
            raise typer.BadParameter("--agent is for `aeef report agent-violation`")
        alert["labels"] = {"agent": agent}
    if drill:
        alert["labels"] = {**alert.get("labels", {}), DRILL: "true"}
    settings = load_settings()
    make_home(settings.home)
    if findings or patch:
        if incident_type is not IncidentType.SECURITY:
            raise typer.BadParameter("--findings and --patch are for `aeef report security`")
        from deployments.cli.report.findings import with_findings

        if not (alert := with_findings(alert, findings or [], patch, settings, as_json=as_json)):
            return
    send(settings, alert, wait=wait, timeout=timeout, as_json=as_json)
