"""Everything that a runbook can reach in a test: who was told, what runs, what is in the files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from fixtures.direct import respond
from samples.isolation import config_of
from samples.matrix_cells import COMMON, Cell, Prepared, prepare
from samples.targets import command_target, git
from schemas.automation import Act, Mode
from schemas.incident import Alert, Incident, IncidentType, Severity
from schemas.settings import Settings, Target, load_settings
from standins.control_plane import ControlPlane
from standins.jira import Jira
from standins.pagerduty import SECURITY_KEY, PagerDuty
from standins.prefect.api import Prefect
from standins.slack import Slack, SlackPost
from tasks.store import Store, open_store


@dataclass
class World:
    """The stand-ins, and one target for one incident; `respond` runs its runbook.

    prepared, config: of the target; a trouble may change them before the response.
    silent: channels that are not configured. refusing: those that refuse.
    mode: of the automation, by anna's word. rollbacks: how many there were in the last hour.
    """

    kind: str
    severity: str
    pagerduty: PagerDuty
    slack: Slack
    jira: Jira
    prefect: Prefect
    plane: ControlPlane
    prepared: Prepared
    silent: set[str] = field(default_factory=set)
    refusing: set[str] = field(default_factory=set)
    mode: Mode = Mode.ON
    rollbacks: int = 0
    service: str = ""
    config: str = ""
    before: str = ""
    ran: str = ""
    outcome: str | None = None
    details: dict[str, Any] = field(default_factory=dict)
    home: Path = Path()
    store: Store = field(init=False)
    id: str = ""

    def respond(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Open the incident, and do what its runbook does."""
        sections = (self.pagerduty, self.slack, self.jira)
        told = [each for each in sections if each.section not in self.silent]
        env = {name: value for each in told for name, value in each.env().items()}
        if self.pagerduty in told:
            env["AEEF_BREACH__PAGE__SECURITY"] = SECURITY_KEY
        quick = {
            "AEEF_RETRY__FIRST_WAIT": "0",
            "AEEF_RETRY__ATTEMPTS": "1",
            # A stand-in that is slow, as other tests run beside this one, is not away.
            "AEEF_PAGING__NOTIFY_AFTER": "60",
        }
        for name, value in {**env, **quick, "AEEF_HOME": str(home)}.items():
            monkeypatch.setenv(name, value)
        Path("aeef.toml").write_text(COMMON + self.config)
        self.home, self.before = home, self.head
        runs = self.repository / "run/current"
        self.ran = runs.resolve().name if runs.exists() else self.before
        self.store = open_store(load_settings())
        self._before()
        labels = {"agent": self.prepared.agent_id} if self.prepared.agent_id else {}
        alert = Alert(
            description="it is broken", service=self.service, source="api", labels=labels,
            details=self.details,
        )  # fmt: skip
        opened = self.store.open_or_attach(alert, IncidentType(self.kind), Severity(self.severity))
        self.id = str(opened.incident.incident_id)
        self._respond()

    def _before(self) -> None:
        """What people and runbooks did before."""
        if self.mode is not Mode.ON:
            self.store.set_automation(self.mode, target=self.target, why="it moves", actor="anna")
        for number in range(self.rollbacks):
            alert = Alert(description="earlier", dedup_key=f"earlier {number}")
            earlier = self.store.open_or_attach(alert, IncidentType.UNKNOWN, Severity.P4).incident
            limit = self.settings.automation.limits.rollback
            self.store.begin_act(
                earlier.incident_id, Act.ROLLBACK, self.target, actor="aeef-runbooks", limit=limit
            )

    def rise(self, severity: str) -> None:
        """The same alert comes again, more severe, and the runbook for that runs."""
        again = self.store.alert(self.id)
        self.store.open_or_attach(again, IncidentType(self.kind), Severity(severity))
        self.severity = severity
        self._respond()

    def _respond(self) -> None:
        runbook = "triage" if self.kind == "unknown" else self.kind
        with self.prefect.used():
            self.outcome = respond(self.id, runbook)

    @property
    def settings(self) -> Settings:
        """The settings of this test."""
        return load_settings()

    @property
    def incident(self) -> Incident:
        """The incident as it is on record."""
        return self.store.incident(self.id)

    @property
    def actions(self) -> list[str]:
        """The sentences of the record."""
        return [each.action for each in self.incident.actions_taken]

    @property
    def is_untouched(self) -> bool:
        """True when nothing at all was done to the target."""
        changed = (self.prepared.is_isolated, self.is_frozen, self.prepared.agent_id and
                   self.is_suspended, (self.repository / "run/revoked").exists())  # fmt: skip
        return self.head == self.before and not any(changed)

    @property
    def failed(self) -> bool:
        """True when the run failed, and a person must take over."""
        return self.outcome is not None

    @property
    def target(self) -> str:
        """The target's name."""
        return self.prepared.service

    @property
    def repository(self) -> Path:
        """The target's repository."""
        return self.prepared.repository

    @property
    def head(self) -> str:
        """The commit that is checked out."""
        return git(self.repository, "rev-parse", "HEAD")

    @property
    def is_well(self) -> bool:
        """True when the running release says so."""
        return self.prepared.serves == "status=ok"

    @property
    def is_frozen(self) -> bool:
        """True when the marker is there that other pipelines look at."""
        return (self.repository / ".git/aeef/FROZEN").exists()

    @property
    def is_suspended(self) -> bool:
        """True when the registry and the control plane both say so."""
        agent = self.prepared.agent_id or ""
        return (self.prepared.agent_status(), self.plane.status.get(agent)) == (
            "suspended",
            "suspended",
        )

    @property
    def history(self) -> dict[str, Any]:
        """The target's deployments."""
        text = (self.repository / "deployments/history.json").read_text()
        return dict(json.loads(text))

    def pages(self, about: str = "") -> list[str]:
        """The summaries of PagerDuty's alerts for this incident, and for one subject."""
        wanted = f"{self.id}:{about}" if about else self.id
        return [
            str(alert.payload["summary"])
            for key, alert in self.pagerduty.alerts.items()
            if key.startswith(wanted)
        ]

    def messages(self) -> list[SlackPost]:
        """The incident's messages in Slack, without replies."""
        return [each for each in self.slack.messages if each.thread_ts is None and each.blocks]

    def was_evidence(self, sha256: str) -> bool:
        """True when the manifest had this hash after one of its lines."""
        path = self.home / "evidence" / self.id / "manifest.jsonl"
        lines = path.read_bytes().splitlines(keepends=True)
        hashes = (hashlib.sha256(b"".join(lines[: n + 1])).hexdigest() for n in range(len(lines)))
        return sha256 in hashes

    def evidence(self, name: str) -> str:
        """A file of the evidence."""
        return (self.home / "evidence" / self.id / name).read_text("utf-8")

    def is_in_a_ticket(self, words: str) -> bool:
        """True when a comment of a ticket has them."""
        return any(words in json.dumps(each.comments) for each in self.jira.issues)


Trouble = Callable[[World], None]


class Shop(Prepared):
    """As `Prepared`, on real Docker: the shop that is isolated, or an application rolled back."""

    @property
    def is_isolated(self) -> bool:
        """True when nothing is reached any longer."""
        return self.serves == "nothing"

    @property
    def serves(self) -> str:
        """What is answered where the application is published."""
        try:
            answer = httpx.get(self.agent_status(), timeout=3, trust_env=False)
        except httpx.HTTPError:
            return "nothing"
        return "status=ok" if answer.text in ("good", "hello") else answer.text


def docker_world(kind: str, target: Target, url: str, world: dict[str, Any]) -> World:
    """A world with a target of Compose, which answers at this address."""
    config = config_of(target)
    prepared = Shop(target.name, target.repository, config, agent_status=lambda: url)
    return World(kind, "P1", prepared=prepared, service=target.name, config=config, **world)


def new_world(kind: str, severity: str, directory: Path, world: dict[str, Any]) -> World:
    """A world with a target for this kind of incident; its bad release runs."""
    directory.mkdir()
    if kind in ("deployment-failure", "unknown"):
        target = command_target(directory / "target")
        prepared = Prepared("demo", target.repository, config_of(target))
    else:
        cell = Cell(kind, severity, "direct")
        prepared = prepare(cell, directory / "target", world["plane"])
    made = World(kind, severity, prepared=prepared, **world)
    made.service, made.config = prepared.service, prepared.config
    made.prefect.deployed |= {"regulatory-clock/ring"}
    return made


def long_ago(moment: str, hours: float) -> bool:
    """True when this moment is so many hours from now, give or take a minute."""
    then = datetime.strptime(moment, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    return abs((then - datetime.now(UTC)).total_seconds() - hours * 3600) < 120
