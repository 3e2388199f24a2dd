"""Agents in tests: a target with a registry and an audit log, and real containers that act."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import docker
from docker.models.containers import Container

from samples.isolation import config_of
from samples.targets import command_target, commit
from schemas.agents import AgentSettings, NamedAgent
from schemas.settings import Target
from standins.control_plane import TOKEN, ControlPlane

APPROVER = "Ann Example"
FORBIDDEN = ["Bash(*git push*--force*)", "Write(/etc/*)", "DropTable", "merge without a review"]


class AgentSample:
    """A target whose registry lists one agent of a unique id, and `bystander`."""

    def __init__(self, directory: Path, **agents: Any) -> None:
        self.agent_id = f"builder-{uuid.uuid4().hex[:8]}"
        base = command_target(directory)
        self.options = {"containers": False, **agents}
        self.target: Target = base.model_copy(
            update={
                "name": f"t-{self.agent_id}",
                "services": (),
                "agents": AgentSettings.model_validate(self.options),
            }
        )
        self.agent = NamedAgent(agent_id=self.agent_id, target=self.target.name)
        self.registry = self.target.repository / "agents/registry.json"
        self.log = self.target.repository / ".aeef/runs/audit.log"
        self.log.parent.mkdir(parents=True)
        # Odd blanks on purpose: nothing of it may change.
        self.text = (
            '{"owner":  "platform",\n "agents": [\n'
            '  {"agentId": "bystander", "status" : "active"},\n'
            f'  {{"agentId": "{self.agent_id}",   "status":"active", "extra": [1, 2.50, "\\u00e9"],'
            f' "contract": {{"forbiddenActions": {json.dumps(FORBIDDEN)},'
            f' "escalationApprover": "{APPROVER}"}}}} ]}}  \n\n'
        )
        commit_files(self.target, {"agents/registry.json": self.text})

    @property
    def status(self) -> str:
        """What the registry says of the agent."""
        agents = json.loads(self.registry.read_text())["agents"]
        return str(next(each["status"] for each in agents if each["agentId"] == self.agent_id))

    def toml(self, plane: ControlPlane | None = None, settle: float = 0.5) -> str:
        """The agents table, for the config file."""
        lines = [f"[targets.{self.target.name}.agents]"]
        lines += [f"{key} = {json.dumps(value)}" for key, value in self.options.items()]
        if plane is not None:
            lines += [f"[targets.{self.target.name}.agents.control_plane]", f'url = "{plane.url}"',
                      f'token = "{TOKEN}"', f"settle = {settle}"]  # fmt: skip
        return "\n".join(lines) + "\n"

    def config(self, plane: ControlPlane | None = None) -> str:
        """A whole config file with this target."""
        plain = self.target.model_copy(update={"agents": None})
        return config_of(plain) + self.toml(plane)


def commit_files(target: Target, files: dict[str, str]) -> str:
    """Commit files in a target."""
    return commit(target.repository, files, "The agents")


def entry(at: datetime, tool: str = "Read", summary: str = "README.md", **more: Any) -> str:
    """One line of the audit log, as AEEF's command-line tools write it."""
    data = {
        "timestamp": at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "session_id": "s-1",
        "tool_name": tool,
        "tool_input_summary": summary[:200],
        "success": True,
    }
    return json.dumps(data | more) + "\n"


def around(at: datetime) -> list[str]:
    """A log: lines 1 and 7 are out of the window, 3 and 5 violate, 4 is broken."""
    hour = timedelta(hours=1)
    return [
        entry(at - 5 * hour, "Bash", "git push --force"),
        entry(at - hour / 2),
        entry(at - hour / 4, "Bash", "cd x && GIT  push origin --FORCE secret-input"),
        '{"timestamp": broken <!channel> [x](http://evil)\n',
        entry(at, "DropTable", "secret-input"),
        entry(at, "<!channel> *bold* [x](http://evil)", "secret-input"),
        entry(at + 5 * hour, "DropTable", "later"),
    ]


IMAGE = "aeef-test-agent:latest"


def build_image(client: docker.DockerClient) -> None:
    """An image of nothing but a static busybox."""
    context = io.BytesIO()
    dockerfile = b"FROM scratch\nCOPY busybox /bin/busybox\n"
    with tarfile.open(fileobj=context, mode="w") as archive:
        information = tarfile.TarInfo("Dockerfile")
        information.size = len(dockerfile)
        archive.addfile(information, io.BytesIO(dockerfile))
        archive.add(str(shutil.which("busybox")), "busybox")
    context.seek(0)
    client.images.build(fileobj=context, custom_context=True, tag=IMAGE, rm=True)


class AgentContainers:
    """Containers labelled as an agent's; each writes to a file of its own all the time."""

    def __init__(self, client: docker.DockerClient, directory: Path) -> None:
        self.client, self.directory = client, directory
        self.started: list[Container] = []

    def start(self, agent_id: str) -> Container:
        """Start one; returns when it acts."""
        name = f"aeef-test-{agent_id}-{len(self.started)}"
        beat = f"while :; do echo . >> /out/{name}; /bin/busybox usleep 10000; done"
        container = self.client.containers.run(
            IMAGE,
            ["/bin/busybox", "sh", "-c", beat],
            name=name,
            detach=True,
            labels={"aeef.agent": agent_id},
            volumes={str(self.directory): {"bind": "/out", "mode": "rw"}},
            network_mode="none",
        )
        self.started.append(container)
        return container

    def beats(self, container: Container) -> int:
        """How many bytes it has written; grows while it acts."""
        file = self.directory / str(container.name)
        return file.stat().st_size if file.exists() else 0

    def state(self, container: Container) -> str:
        """What Docker says of it now."""
        container.reload()
        return str(container.status)


@contextmanager
def agent_containers(directory: Path) -> Iterator[AgentContainers]:
    """Real containers; all are gone afterwards."""
    client = docker.from_env(timeout=30)
    try:
        build_image(client)
        containers = AgentContainers(client, directory)
        try:
            yield containers
        finally:
            for each in containers.started:
                each.remove(force=True)
            client.images.remove(IMAGE, force=True)
    finally:
        client.close()
