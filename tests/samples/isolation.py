"""A Compose application to isolate: `web` and `db` on two networks, and a neighbour."""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

import docker
from docker.models.containers import Container
from docker.models.networks import Network

from samples.compose import Compose, run_compose
from samples.targets import GATES, commit, new_repository
from schemas.settings import Health, Target
from support import free_port, wait_until

_DOCKERFILE = """\
FROM scratch
COPY busybox /bin/busybox
COPY www /www
CMD ["/bin/busybox", "httpd", "-f", "-p", "8080", "-h", "/www"]
"""
_COMPOSE_FILE = """\
version: "2.4"
services:
  web:
    build: .
    image: {project}-image
    stop_grace_period: 0s
    depends_on: [db]
    ports: ["127.0.0.1:{port}:8080"]
    networks:
      front: {{ aliases: [shop, www] }}
      back: {{ ipv4_address: {subnet}.77 }}
  db:
    image: {project}-image
    stop_grace_period: 0s
    networks:
      back: {{ aliases: [database] }}
networks:
  front: {{}}
  back:
    ipam: {{ config: [{{ subnet: {subnet}.0/24 }}] }}
"""
_WAIT = 3


class _State(NamedTuple):
    """The state of the shop, without what changes with every connection or start."""

    containers: dict[str, Any]
    networks: list[tuple[str, str]]
    answers: bool


class IsolationSample:
    """Runs after `up()`; `down()` removes all of it, quarantine networks too."""

    def __init__(self, directory: Path, compose: Compose = (), **settings: Any) -> None:
        unique = uuid.uuid4().hex[:8]
        self.project = f"aeef-test-{unique}"
        self.image = f"{self.project}-image"
        self.port = free_port()
        self.subnet = f"10.{200 + int(unique[:2], 16) % 50}.{int(unique[2:4], 16)}"
        self.path = new_repository(directory / "shop")
        self.target = Target(
            name=f"shop-{unique}",
            repository=self.path,
            compose_file="compose.yml",
            compose_project=self.project,
            compose_command=compose,
            health=Health(url=f"http://127.0.0.1:{self.port}/index.html", settle=0.2),
            required_gates=GATES,
            **settings,
        )
        shutil.copy(str(shutil.which("busybox")), self.path / "busybox")
        text = _COMPOSE_FILE.format(project=self.project, port=self.port, subnet=self.subnet)
        files = {"Dockerfile": _DOCKERFILE, "compose.yml": text, "www/index.html": "hello"}
        commit(self.path, files, "The shop")
        self.client = docker.from_env(timeout=60)
        self.others: list[Container] = []
        self._first = _State({}, [], answers=False)

    def up(self) -> None:
        """Start it."""
        self.compose("build")
        self.compose("up", "-d")
        wait_until(self.answers)
        self._first = self._state()

    def reset(self) -> None:
        """As after `up()`, whatever a test did: restored where that is enough, else recreated."""
        self._remove_others()
        with suppress(docker.errors.DockerException):
            self._put_back()
        self._remove_networks(keep=[name for name, _ in self._first.networks])
        if self._state() != self._first:
            self.compose("down")
            self._remove_networks(keep=[])
            self.up()

    def compose(self, *arguments: str) -> None:
        """Run Compose on its file."""
        run_compose(self.target, *arguments)

    def config(self) -> str:
        """A config file with this target."""
        return config_of(self.target)

    def container(self, service: str) -> Container:
        """The one container of a service, as it is now."""
        [found] = self.containers(service)
        return found

    def containers(self, service: str) -> list[Container]:
        """All containers of a service."""
        labels = [f"{label}={value}" for label, value in self.service(service).items()]
        return self.client.containers.list(all=True, filters={"label": labels})

    def networks(self, container: Container) -> dict[str, Any]:
        """Its networks as Docker says; what changes with every connection is left out."""
        container.reload()
        found = {}
        for name, facts in container.attrs["NetworkSettings"]["Networks"].items():
            kept = {k: v or None for k, v in facts.items() if k != "EndpointID"}
            kept["Aliases"] = sorted(facts["Aliases"] or [])
            found[name] = kept
        return found

    def settings(self, container: Container) -> dict[str, Any]:
        """`NetworkSettings`, but for the ids of endpoints."""
        networks = self.networks(container)
        whole = {k: v for k, v in container.attrs["NetworkSettings"].items() if k != "EndpointID"}
        return whole | {"Networks": networks}

    def start(self, name: str, *command: str, **options: Any) -> Container:
        """Start another container of the sample's image."""
        container: Container = self.client.containers.run(
            self.image, list(command) or None, name=f"{self.project}-{name}", detach=True, **options
        )
        self.others.append(container)
        return container

    @property
    def project_label(self) -> dict[str, str]:
        """The label with which Compose makes something the project's."""
        return {"com.docker.compose.project": self.project}

    def service(self, service: str) -> dict[str, str]:
        """The labels with which Compose makes a container one of the project's service."""
        return {
            **self.project_label,
            "com.docker.compose.service": service,
            "com.docker.compose.oneoff": "False",
        }

    def answers(self) -> bool:
        """True when the published port serves the page."""
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/index.html", timeout=_WAIT) as page:
                return bool(page.read() == b"hello")
        except (URLError, OSError):
            return False

    def reaches(self, container: Container, address: str, port: int) -> bool:
        """True when the page is served there, asked for from inside the container."""
        get = "printf 'GET /index.html HTTP/1.0\\r\\n\\r\\n'"
        ask = f"{get} | /bin/busybox nc -w {_WAIT} {address} {port}"
        ran = container.exec_run(["/bin/busybox", "sh", "-c", ask])
        return b"hello" in ran.output

    def down(self) -> None:
        """Remove every container, network and image of this sample."""
        with closing(self.client) as client:
            self._remove_others()
            for container in self._containers():
                container.remove(force=True, v=True)
            self._remove_networks(keep=[])
            with suppress(docker.errors.ImageNotFound):
                client.images.remove(self.image, force=True)

    def _containers(self) -> list[Container]:
        label = f"com.docker.compose.project={self.project}"
        return self.client.containers.list(all=True, filters={"label": label})

    def _networks(self) -> list[Network]:
        labels = (f"com.docker.compose.project={self.project}", f"aeef.target={self.target.name}")
        found = [self.client.networks.list(filters={"label": label}) for label in labels]
        return [network for networks in found for network in networks]

    def _state(self) -> _State:
        containers = {}
        for each in self._containers():
            networks = self.networks(each)  # reads again the rest of what is compared
            ports = each.attrs["NetworkSettings"]["Ports"]
            containers[str(each.id)] = (each.status, networks, ports, each.diff())
        present = sorted((str(each.name), str(each.id)) for each in self._networks())
        return _State(containers, present, self.answers())

    def _put_back(self) -> None:
        """Onto the networks of the first state, lowest address first: Docker gives them so."""
        joins = []
        for identity, (_, wanted, *_) in self._first.containers.items():
            container = self.client.containers.get(identity)
            if container.status == "paused":
                container.unpause()
            elif container.status != "running":
                container.start()
            now = self.networks(container)
            for name in now.keys() - wanted.keys():
                self.client.networks.get(name).disconnect(container)
            joins += [(container, name, wanted[name]) for name in wanted.keys() - now.keys()]
        for container, name, facts in sorted(joins, key=lambda join: str(join[2]["IPAddress"])):
            aliases = [each for each in facts["Aliases"] if each != str(container.id)[:12]]
            address = (facts["IPAMConfig"] or {}).get("IPv4Address")
            self.client.networks.get(name).connect(container, aliases=aliases, ipv4_address=address)

    def _remove_others(self) -> None:
        for container in self.others:
            with suppress(docker.errors.NotFound):
                container.remove(force=True, v=True)
        self.others.clear()

    def _remove_networks(self, keep: list[str]) -> None:
        for network in self._networks():
            if network.name not in keep:
                with suppress(docker.errors.APIError):
                    network.remove()


@contextmanager
def running_shop(directory: Path, compose: Compose) -> Iterator[IsolationSample]:
    """A shop of a test's own, running; nothing is left of it."""
    sample = IsolationSample(directory, compose)
    try:
        sample.up()
        yield sample
    finally:
        sample.down()


def config_of(target: Target) -> str:
    """A config file with this target."""
    table = target.model_dump(
        mode="json", exclude={"name", "health", "isolation"}, exclude_none=True
    )
    tables = {target.name: table, f"{target.name}.health": target.health.model_dump(mode="json")}
    if target.isolation:
        tables[f"{target.name}.isolation"] = target.isolation.model_dump(mode="json")
    lines = []
    for name, values in tables.items():
        lines.append(f"[targets.{name}]")
        lines += [f"{k} = {json.dumps(v)}" for k, v in values.items() if v is not None]
    return "\n".join(lines) + "\n"
