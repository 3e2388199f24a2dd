"""Deploys with Docker Compose: one image per service and commit, kept and reused."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import docker
from docker.errors import ImageNotFound

from schemas.errors import DeployFailed, TargetError
from schemas.health import Condition
from schemas.settings import Target
from tasks.base.docker_connection import DOCKER_ERRORS, DOCKER_SECONDS, REMEDY, docker_host
from tasks.deploy.compose_command import COMMIT_LABEL, ComposeCommand, Service, image_tag
from tasks.deploy.compose_labels import is_started_from, labels_of_services, service_of_labels
from tasks.deploy.container_condition import container_condition
from tasks.deploy.deployer import Report, Running
from tasks.target.repository import TargetRepository

_PUT_BACK = "put-back"
_STEADY_WITHIN = 10.0
_POLL = 0.05


class ComposeDeployer:
    """Each image is tagged `aeef-<target>-<service>:<commit>`; each container is labelled."""

    def __init__(self, target: Target, home: Path) -> None:
        self._target = target
        self._compose = ComposeCommand(target, home)
        self._client: docker.DockerClient | None = None
        self._services: dict[str, Service] = {}

    def check(self) -> None:
        """Raise when Docker or Compose is not available."""
        self._docker()
        self._compose.find()

    def running(self) -> Running:
        """The running images, and the commit in their labels when all agree."""
        containers = [c for c in self._containers() if c["State"] == "running"]
        commits = {c["Labels"].get(COMMIT_LABEL) for c in containers}
        commit = commits.pop() if len(commits) == 1 else None
        return Running(commit=commit, images={_service(c): c["ImageID"] for c in containers})

    def runs(self, commit: str) -> bool:
        """True when the commit is checked out and each of its services runs its image."""
        with TargetRepository(self._target) as repository:
            if repository.head().commit != commit:
                return False
        try:
            self._services = self._compose.services()
            self._look(commit, self._pins(self._services, commit), self._services)
        except (TargetError, *DOCKER_ERRORS):
            return False
        return True

    def prepare(self, commit: str, images: Mapping[str, str], report: Report) -> None:
        """Find the commit's images; build those that are not on this machine."""
        services = self._services = self._compose.services()
        self._compose.pin(self._pins(services, commit), list(services), commit)
        missing = []
        for name in (name for name, service in services.items() if service.built):
            tag = image_tag(self._target.name, name, commit)
            if self._image_id(tag):
                report(f"reusing image {tag[:60]}")
            elif name in images and self._image_id(images[name]):
                self._tag(images[name], tag)
                report(f"reusing image {images[name][:19]} of the history for {name}")
            else:
                missing.append(name)
        if missing:
            started = time.monotonic()
            finished = self._compose.run("build", *missing, timeout=self._target.deploy_timeout)
            if finished.problem:
                raise DeployFailed("build", str(finished))
            report(f"built {', '.join(missing)} in {time.monotonic() - started:.1f} s")

    def start(self, commit: str, report: Report) -> None:
        """Recreate the services; stop those that are not in the commit."""
        services = self._services
        self._up(list(services) if self._target.compose_services else [])
        report(f"recreated {', '.join(services)} at {commit[:12]}")
        self._stop_others(services, "which this release does not have", report)

    def verify(self, commit: str) -> dict[str, str]:
        """Raise unless every service runs exactly the commit's image."""
        return self._steady(commit, self._pins(self._services, commit), self._services)

    def condition(self) -> Condition:
        """What the containers of the release do: of its services, or of what was put back."""
        services = self._services or self._compose.services()
        wanted = {name: service.replicas for name, service in services.items()}
        return container_condition(self._docker(), self._compose.project(), wanted)

    def put_back(self, before: Running, report: Report) -> None:
        """Run the previous images, with the compose file that is checked out again."""
        services = self._compose.services()
        pins = {}
        for name in services.keys() & before.images.keys():
            pins[name] = image_tag(self._target.name, name, _PUT_BACK)
            self._tag(before.images[name], pins[name])
        if pins:
            self._compose.pin(pins, sorted(services), before.commit)
            self._up(sorted(pins))
        restored = self._services = {name: services[name] for name in pins}
        self._stop_others(restored, "which did not run before", report)
        self._steady(before.commit, pins, restored)

    def close(self) -> None:
        """Close the connection to Docker."""
        if self._client:
            self._client.close()

    def _pins(self, services: Mapping[str, Service], commit: str) -> dict[str, str]:
        """The image of every service that is built, or that shares a built image."""
        pins = {
            name: image_tag(self._target.name, name, commit)
            for name, service in services.items()
            if service.built
        }
        shared = {service.image: pins[name] for name, service in services.items() if service.built}
        project = self._compose.project()
        for name, tag in pins.items():
            shared |= {f"{project}{separator}{name}": tag for separator in "_-"}
        return pins | {
            name: shared[service.image]
            for name, service in services.items()
            if not service.built and service.image in shared
        }

    def _up(self, services: list[str]) -> None:
        finished = self._compose.run(
            "up", "-d", "--no-build", "--force-recreate", *(["--no-deps"] if services else []),
            *services, timeout=self._target.deploy_timeout,
        )  # fmt: skip
        if finished.problem:
            raise DeployFailed("recreate", str(finished))

    def _stop_others(self, services: Mapping[str, Service], why: str, report: Report) -> None:
        """Stop, but keep, containers of services that the compose file no longer has.

        Containers of another compose file in the same project are left alone.
        """
        for container in self._containers():
            name = _service(container)
            ours = is_started_from(container["Labels"], self._compose.file)
            if name not in services and ours and container["State"] == "running":
                self._docker().api.stop(container["Id"])
                report(f"stopped {name}, {why}")

    def _steady(
        self, commit: str | None, pins: Mapping[str, str], services: Mapping[str, Service]
    ) -> dict[str, str]:
        """Check until all is as expected; a container needs a moment to start or to fail."""
        give_up_at = time.monotonic() + _STEADY_WITHIN
        while True:
            try:
                return self._look(commit, pins, services)
            except DeployFailed:
                if time.monotonic() > give_up_at:
                    raise
            time.sleep(_POLL)

    def _look(
        self, commit: str | None, pins: Mapping[str, str], services: Mapping[str, Service]
    ) -> dict[str, str]:
        containers = self._containers()
        images = {}
        for name, service in services.items():
            mine = [c for c in containers if _service(c) == name]
            if len(mine) < min(service.replicas, 1):
                raise DeployFailed("verify", f"service {name} has no container")
            expected = self._image_id(pins[name]) if name in pins else None
            if name in pins and expected is None:
                raise DeployFailed("verify", f"image {pins[name]} is not on this machine")
            for container in mine:
                self._judge(name, container, commit, expected)
                images[name] = container["ImageID"]
        return images

    def _judge(
        self, name: str, container: dict[str, Any], commit: str | None, image: str | None
    ) -> None:
        if commit and container["Labels"].get(COMMIT_LABEL) != commit:
            raise DeployFailed("verify", f"service {name} was not recreated")
        if image and container["ImageID"] != image:
            raise DeployFailed(
                "verify",
                f"service {name} runs image {container['ImageID'][:19]}, not {image[:19]}",
            )
        if container["State"] != "running" and not self._did_its_work(container):
            raise DeployFailed(
                "verify", f"service {name} is {container['State']} ({container['Status']})"
            )

    def _did_its_work(self, container: dict[str, Any]) -> bool:
        """True for a service that ended as intended, such as a migration."""
        if container["State"] != "exited":
            return False
        details = self._docker().api.inspect_container(container["Id"])
        policy = details["HostConfig"]["RestartPolicy"]["Name"]
        return details["State"]["ExitCode"] == 0 and policy in ("", "no", "on-failure")

    def _containers(self) -> list[dict[str, Any]]:
        labels = labels_of_services(self._compose.project())
        try:
            found: list[dict[str, Any]] = self._docker().api.containers(
                all=True, filters={"label": labels}
            )
        except DOCKER_ERRORS as error:
            raise TargetError("ask Docker", f"Docker did not list containers: {error}") from error
        wanted = self._target.compose_services
        return [c for c in found if not wanted or _service(c) in wanted]

    def _image_id(self, reference: str) -> str | None:
        with suppress(ImageNotFound):
            return str(self._docker().images.get(reference).id)
        return None

    def _tag(self, image: str, tag: str) -> None:
        repository, _, version = tag.rpartition(":")
        self._docker().images.get(image).tag(repository, version)

    def _docker(self) -> docker.DockerClient:
        if self._client is None:
            client = None
            try:
                client = docker.from_env(timeout=DOCKER_SECONDS)
                client.ping()
            except DOCKER_ERRORS as error:
                if client:
                    client.close()
                raise TargetError(
                    "reach Docker",
                    f"Docker is not reachable at {docker_host()}; {REMEDY}"
                    f" ({type(error).__name__})",
                ) from error
            self._client = client
        return self._client


def _service(container: dict[str, Any]) -> str:
    return service_of_labels(container["Labels"])
