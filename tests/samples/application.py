"""A realistic Compose application: database, migration, workers, web, proxy, an override file."""

from __future__ import annotations

import json
import shutil
import subprocess
import uuid
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import docker

from samples.compose import Compose, ComposeFailed, compose_program
from samples.targets import GATES, commit, git, new_repository, prove
from schemas.release import DeploymentStatus
from schemas.settings import Health, Target
from support import free_port
from tasks.rollback.record_deployment import record_deployment

_DOCKERFILE = """\
FROM scratch
COPY busybox /bin/busybox
COPY www /www
ENV VERSION={version}
LABEL {label}
CMD ["/bin/busybox", "httpd", "-f", "-p", "8080", "-h", "/www"]
"""
_COMPOSE = """\
services:
  db:
    image: "{db}"
    command: ["/bin/busybox", "sleep", "100000"]
    volumes: ["data:/data"]
    secrets: [password]
    environment: {{PASSWORD_FILE: /run/secrets/password}}
    healthcheck: {{test: ["CMD", "/bin/busybox", "true"], interval: 100ms, retries: 20}}
    stop_grace_period: 0s
  migrate:
    build: .
    command: ["/bin/busybox", "true"]
    restart: "no"
    depends_on: {{db: {{condition: service_healthy}}}}
  worker:
    build: .
    command: ["/bin/busybox", "sleep", "100000"]
    environment: {{QUEUE: "${{QUEUE:-none}}"}}
    scale: {workers}
    depends_on: {{migrate: {{condition: service_completed_successfully}}}}
    stop_grace_period: 0s
  web:
    build: .
    depends_on: {{migrate: {{condition: service_completed_successfully}}}}
    stop_grace_period: 0s
  proxy:
    image: "{proxy}"
    volumes: ["./proxy.conf:/etc/proxy.conf:ro"]
    stop_grace_period: 0s
  debug:
    image: "{db}"
    command: ["/bin/busybox", "sleep", "100000"]
    profiles: [debug]
    stop_grace_period: 0s
{more}
volumes: {{data: {{}}}}
secrets: {{password: {{file: ./secrets/password}}}}
"""
_OVERRIDE = """\
services:
  web:
    environment: {{DB_URL: "db/shop", RELEASE: "{version}"}}
    ports: ["127.0.0.1:{port}:8080"]
  worker: {{environment: {{DB_URL: "db/shop"}}, labels: {{team: shop}}}}
"""
_OURS = ("com.docker.compose.", "aeef.")


class Application:
    """Two releases of it. The proxy's tag moves: what it means is another image at the bad one."""

    def __init__(self, directory: Path, compose: Compose = ()) -> None:
        self._unique = uuid.uuid4().hex[:8]
        self._label = f"aeef.test={self._unique}"
        self._ports = (free_port(), free_port())
        self.compose = compose
        self.home = directory / "home"
        self.path = new_repository(directory / "shop")
        self.target = Target(
            name=f"app-{self._unique}",
            repository=self.path,
            compose_file="docker-compose.yml",
            compose_project=f"aeef-app-{self._unique}",
            compose_command=compose,
            health=Health(command=("true",), successes=1, interval=0.05),
            required_gates=GATES,
            deploy_timeout=120.0,
        )
        shutil.copy(str(shutil.which("busybox")), self.path / "busybox")
        for name in ("db", "proxy"):
            self._image(name, "1")
        untracked = {".env": "QUEUE=fast\n", "secrets/password": "example\n"}
        for name, text in untracked.items():
            (self.path / name).parent.mkdir(exist_ok=True)
            (self.path / name).write_text(text)
        ignored = ".env\nsecrets/\ndeployments/\nprovenance/\n"
        self.good = commit(self.path, self._files("good", workers=2) | {".gitignore": ignored})
        extra = (
            f'  extra:\n    image: "{self.name_of("db")}"\n    stop_grace_period: 0s\n'
            '    command: ["/bin/busybox", "sleep", "100000"]\n'
        )
        self.bad = commit(self.path, self._files("bad", workers=1, more=extra))
        for each in (self.good, self.bad):
            prove(self.target, each)

    def name_of(self, image: str) -> str:
        """The full name of an image that is not built by Compose."""
        return f"aeef-test-{self._unique}-{image}:latest"

    def deploy(self, sha: str, *options: str, proxies: int = 1) -> None:
        """As a pipeline does: check out, start, record. proxies: how many, by hand."""
        git(self.path, "checkout", "--quiet", sha)
        self.record(sha, DeploymentStatus.DEPLOYING)
        scale = f"--scale=proxy={proxies}"
        self.run(*options, "up", "-d", "--build", "--remove-orphans", scale)

    def deploy_both(self) -> dict[str, list[Mapping[str, Any]]]:
        """The good release, healthy, then the bad one; what ran at the good one."""
        self.deploy(self.good, proxies=2)
        self.record(self.good, DeploymentStatus.HEALTHY)
        ran = self.containers()
        self._image("proxy", "2")
        self.deploy(self.bad)
        self.record(self.bad, DeploymentStatus.FAILED)
        return ran

    def record(self, sha: str, status: DeploymentStatus) -> list[str]:
        """`aeef record`; returns its notes."""
        notes: list[str] = []
        record_deployment(self.target, sha, status, home=self.home, report=notes.append)
        return notes

    def run(self, *arguments: str) -> None:
        """Run Compose in its folder as a person would: without naming a file."""
        program = self.compose or compose_program()
        ran = subprocess.run(
            [*program, "-p", str(self.target.compose_project), *arguments],
            cwd=self.path,
            check=False,
            capture_output=True,
            timeout=120,
        )
        if ran.returncode:
            raise ComposeFailed(ran.stderr.decode())

    def containers(self) -> dict[str, list[Mapping[str, Any]]]:
        """Service → its containers as Docker has them, without what is new in each container."""
        found: dict[str, list[Mapping[str, Any]]] = {}
        with closing(docker.from_env()) as client:
            for each in client.api.containers(all=True, filters={"label": self._project}):
                service = each["Labels"]["com.docker.compose.service"]
                details = client.api.inspect_container(each["Id"])
                found.setdefault(service, []).append(_lasting(details))
        return {name: sorted(each, key=json.dumps) for name, each in found.items()}

    @property
    def _project(self) -> str:
        return f"com.docker.compose.project={self.target.compose_project}"

    def _files(self, version: str, workers: int, more: str = "") -> dict[str, str]:
        names = {"db": self.name_of("db"), "proxy": self.name_of("proxy")}
        port = self._ports[version == "bad"]
        return {
            "Dockerfile": _DOCKERFILE.format(version=version, label=self._label),
            "docker-compose.yml": _COMPOSE.format(workers=workers, more=more, **names),
            "docker-compose.override.yml": _OVERRIDE.format(version=version, port=port),
            "proxy.conf": f"upstream {version}\n",
            "www/version": version,
            ".dockerignore": "secrets\n.env\n.git\n",
        }

    def _image(self, name: str, version: str) -> None:
        folder = self.path.parent / name
        (folder / "www").mkdir(parents=True, exist_ok=True)
        shutil.copy(self.path / "busybox", folder / "busybox")
        (folder / "Dockerfile").write_text(
            _DOCKERFILE.format(version=f"{name}{version}", label=self._label)
        )
        with closing(docker.from_env()) as client:
            client.images.build(path=str(folder), tag=self.name_of(name), rm=True)

    def down(self) -> None:
        """Remove every container, network, volume and image of this application."""
        with closing(docker.from_env()) as client:
            for container in client.containers.list(all=True, filters={"label": self._project}):
                container.remove(force=True, v=True)
            for network in client.networks.list(filters={"label": self._project}):
                network.remove()
            for volume in client.volumes.list(filters={"label": self._project}):
                volume.remove(force=True)
            for image in client.api.images(quiet=True, filters={"label": self._label}):
                client.images.remove(image, force=True)


def _lasting(details: Mapping[str, Any]) -> dict[str, Any]:
    """Image, configuration, mounts, networks and state: all that does not differ by container."""
    config = {k: v for k, v in details["Config"].items() if k not in ("Hostname", "Image")}
    config["Labels"] = {k: v for k, v in config["Labels"].items() if not k.startswith(_OURS)}
    config["Env"] = sorted(each for each in config["Env"] if not each.startswith("affinity:"))
    host = {k: v for k, v in details["HostConfig"].items() if v not in (None, [], {}, "")}
    for name in ("Binds", "Mounts"):  # an order without meaning
        if name in host:
            host[name] = sorted(host[name], key=json.dumps)
    return {
        "image": details["Image"],
        "config": config,
        "host": host,
        "mounts": sorted(details["Mounts"], key=json.dumps),
        "networks": sorted(details["NetworkSettings"]["Networks"]),
        "state": details["State"]["Status"],
    }
