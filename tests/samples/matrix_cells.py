"""The cells of the end-to-end matrix: each type, at each severity, started in each way.

Every cell has a target of its own, a real repository deployed by a script: what a rollback, a
freeze or a suspension does to one, no other sees.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import pytest

from deployments.cli.app import main
from fixtures.stack import Stack
from samples.agents import AgentSample, around
from samples.isolation import config_of
from samples.quality_target import quality_target
from samples.targets import command_target
from schemas.settings import Target
from standins.control_plane import ControlPlane

TYPES = ("drift", "security", "agent-violation", "data-breach", "quality-degradation")
SEVERITIES = ("P1", "P2", "P3", "P4")
WAYS = ("alert", "report", "event")
PERSON = "edith.liddell@example.com"  # not the one that other tests look for: an event keeps it
DESCRIPTION = f"seen by {PERSON} <!channel> [x](http://evil) `; rm -rf /`"
COMMON = '[breach]\nregimes = ["gdpr-33"]\n'
ISOLATION = """\
isolate_command = ["touch", "run/isolated"]
restore_command = ["rm", "-f", "run/isolated"]
isolated_command = ["test", "-e", "run/isolated"]
evidence_command = ["./running"]
"""


class Cell(NamedTuple):
    """One cell: what kind of incident, how severe, started by whom."""

    type: str
    severity: str
    way: str

    def __str__(self) -> str:
        return "-".join(self)


CELLS = [Cell(*each) for each in product(TYPES, SEVERITIES, WAYS)]


class Prepared(NamedTuple):
    """A cell's service, which is also its target's name; its table; its agent's status."""

    service: str
    repository: Path
    config: str
    agent_id: str | None = None
    agent_status: Callable[[], str] = str

    @property
    def is_isolated(self) -> bool:
        """True when the target's own command cut it off."""
        return (self.repository / "run/isolated").exists()

    @property
    def serves(self) -> str:
        """What the running release returns about itself."""
        return (self.repository / "run/current/app.conf").read_text().strip()


def prepare(cell: Cell, directory: Path, plane: ControlPlane) -> Prepared:
    """Make the cell's target; a bad release runs."""
    if cell.type == "agent-violation":
        sample = AgentSample(directory)
        sample.log.write_text("".join(around(datetime.now(UTC))))
        name, path = sample.target.name, sample.target.repository
        return Prepared(name, path, sample.config(plane), sample.agent_id, lambda: sample.status)
    if cell.type == "quality-degradation":
        target = quality_target(directory).target
        table = '[targets.{}.quality]\ncoverage = ["coverage.xml"]\nmutation = ["mutation.txt"]\n'
    else:
        target = command_target(directory)
        table = {
            "drift": '[targets.{}.drift]\nfiles = ["app.conf"]\n',
            "security": f"[targets.{{}}.isolation]\n{ISOLATION}",
            "data-breach": f"[targets.{{0}}.isolation]\n{ISOLATION}"
            '[targets.{0}.breach.revoke]\nkey = ["touch", "run/revoked"]\n',
        }[cell.type]
    return _prepared(target, str(cell).lower(), table)


def _prepared(target: Target, name: str, table: str) -> Prepared:
    plain = target.model_copy(update={"name": name, "services": (), "quality": None})
    return Prepared(name, target.repository, config_of(plain) + table.format(name))


def start(stack: Stack, cell: Cell, prepared: Prepared) -> None:
    """Start the incident in the cell's way."""
    labels = {"agent": prepared.agent_id} if prepared.agent_id else {}
    alert: dict[str, Any] = {
        "type": cell.type,
        "severity": cell.severity,
        "service": prepared.service,
        "description": DESCRIPTION,
        "labels": labels,
    }
    if cell.way == "alert":
        answer = stack.ask("POST", "/v1/alerts", json=alert)
        assert 202 == answer.status_code, answer.text
    elif cell.way == "event":
        stack.prefect("POST", "/events", json=[_event(alert)])
    else:
        agent = [part for each in labels.values() for part in ("--agent", each)]
        told = _typed(
            stack, "report", cell.type, "--severity", cell.severity, "--service", prepared.service,
            "--description", DESCRIPTION, *agent,
        )  # fmt: skip
        assert PERSON not in told


def _typed(stack: Stack, *arguments: str) -> str:
    """What `aeef …` prints, typed on the stack's machine; here, for starting Python costs more."""
    printed, before = io.StringIO(), dict(os.environ)
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(printed):
        patch.setattr(sys, "argv", ["aeef", *arguments])
        os.environ |= stack.env
        try:
            with pytest.raises(SystemExit) as ended:
                main()
        finally:
            os.environ.clear()
            os.environ |= before
    assert not ended.value.code, printed.getvalue()
    return printed.getvalue()


def _event(alert: dict[str, Any]) -> dict[str, Any]:
    """What another flow, or a monitoring job, would emit."""
    return {
        "occurred": (datetime.now(UTC) - timedelta(seconds=1)).isoformat(),
        "event": "aeef.incident.detected",
        "id": str(uuid4()),
        "resource": {
            "prefect.resource.id": f"aeef.incident.{alert['service']}",
            "aeef.type": alert["type"],
        },
        "related": [],
        "payload": alert,
    }
