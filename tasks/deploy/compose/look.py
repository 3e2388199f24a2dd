"""Looks at what runs of a Compose release: images, digests, files and configuration."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from schemas.release import Artefacts, RollbackPlan
from schemas.settings import Target
from schemas.wording import some
from tasks.base.docker_connection import side_by_side
from tasks.deploy.compose.configuration import Configurations
from tasks.deploy.compose.docker import ComposeDocker, Container, is_alive, service_of
from tasks.deploy.compose.pins import Pin
from tasks.deploy.compose_command import ComposeCommand, Service
from tasks.deploy.compose_labels import files_as_here
from tasks.deploy.deployer import Seen
from tasks.target.repository import TargetRepository

_MOMENT = "%Y-%m-%dT%H:%M:%S.%f"


class ReleaseLook:
    """One look at the containers of a target, inspected at the same time."""

    def __init__(
        self,
        target: Target,
        compose: ComposeCommand,
        docker: ComposeDocker,
        configurations: Configurations,
    ) -> None:
        self._target = target
        self._compose = compose
        self._docker = docker
        self._configurations = configurations
        listed = docker.containers(compose.project())
        inspected = side_by_side(docker.inspect, listed)
        self._by_service: dict[str, list[tuple[Container, Mapping[str, Any]]]] = {}
        for container, details in zip(listed, inspected, strict=True):
            if details:
                place = self._by_service.setdefault(service_of(container), [])
                place.append((container, details))

    def snapshot(self, services: Collection[str]) -> dict[str, str]:
        """One hash of images and configuration for each of these services, running or not, and for
        every other one that is running.
        """
        wanted = self._target.compose_services
        return {
            name: self._configurations.of((each for _, each in present), images=True)
            for name, present in self._by_service.items()
            if (not wanted or name in wanted)
            and (name in services or any(is_alive(container) for container, _ in present))
        }

    def artefacts(
        self, services: Collection[str], since: datetime | None = None
    ) -> tuple[dict[str, str], Artefacts]:
        """The image of each of these services, and its other artefacts.

        A service whose containers run different images has no image here. since: only services
        whose containers were all made after this moment.
        """
        images, digests, files = {}, {}, dict[str, None]()
        configuration = {}
        for name in sorted(self._by_service.keys() & set(services)):
            present = self._by_service[name]
            # Both are texts in UTC; Docker's has nanoseconds.
            if since and any(str(each["Created"]) < f"{since:{_MOMENT}}" for _, each in present):
                continue
            configuration[name] = self._configurations.of(each for _, each in present)
            files |= dict.fromkeys(path for each, _ in present for path in self._files(each))
            ids = {str(each["Image"]) for _, each in present}
            if len(ids) == 1:
                images[name] = image = ids.pop()
                own = str(present[0][1]["Config"].get("Image") or "")
                if digest := self._docker.digest(image, own):
                    digests[name] = digest
        return images, Artefacts(
            digests=digests,
            compose_files=list(files),
            profiles=list(self._compose.files.profiles),
            project=self._compose.project(),
            replicas={
                name: number
                for name in configuration
                if (number := len(self._by_service[name])) != 1
            },
            configuration=configuration,
        )

    def _files(self, container: Container) -> Iterator[str]:
        root, accepted = self._target.repository.resolve(), self._target.compose_started_in
        for path in files_as_here(container["Labels"], self._compose.files.folder, accepted):
            yield str(path.relative_to(root) if path.is_relative_to(root) else path)

    def seen(
        self,
        services: Mapping[str, Service],
        plan: RollbackPlan,
        pins: Mapping[str, Pin],
    ) -> Seen:
        """The release as it runs, with what a person should know about it."""
        images, artefacts = self.artefacts(services)
        remarks = []
        if rebuilt := sorted(name for name, pin in pins.items() if pin.lost):
            remarks.append(
                f"{some(rebuilt)} built again from the commit: the image that ran then is gone"
            )
        if unknown := sorted(services.keys() - pins.keys()):
            remarks.append(
                f"the image of {some(unknown)} is what its name means now: the history does not"
                " have the one that ran then"
            )
        if plan.artefacts and (other := plan.artefacts.reconfigured(artefacts)):
            remarks.append(
                f"the configuration of {some(other)} is not the one recorded at this release;"
                f" 'aeef drift --target {self._target.name}' compares it with the commit"
            )
        if plan.artefacts and (gone := set(plan.artefacts.profiles) - set(artefacts.profiles)):
            remarks.append(f"profile {some(sorted(gone))} was active at this release, and is not")
        if others := self._others(services):
            remarks.append(f"{some(others)} left as it was: its profile is not active")
        certain = {name: image for name, image in images.items() if name in pins}
        return Seen(certain, artefacts, tuple(rebuilt), tuple(remarks))

    def _others(self, services: Collection[str]) -> list[str]:
        """What runs of services whose profile is not active."""
        running = {
            name
            for name, present in self._by_service.items()
            if any(is_alive(container) for container, _ in present)
        }
        if self._target.compose_services or not (more := running - set(services)):
            return []
        return sorted(more & self._compose.every_service())


@contextmanager
def look_at(
    target: Target, home: Path, compose: ComposeCommand, docker: ComposeDocker
) -> Iterator[ReleaseLook]:
    """A look at what runs now. home: where the salt is with which configuration is hashed."""
    with TargetRepository(target) as repository:
        yield ReleaseLook(target, compose, docker, Configurations(home, repository))
