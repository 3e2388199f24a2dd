"""Finds the containers of a target's services, and resolves service names."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import docker
from docker.errors import NotFound

from schemas.errors import InvalidInput, TargetError
from schemas.settings import Target
from schemas.wording import some
from tasks.base.docker_connection import side_by_side
from tasks.deploy.compose.command import ComposeCommand
from tasks.deploy.compose.labels import (
    DEPENDS_ON,
    is_of_project,
    labels_of_project,
    service_of_labels,
)

Inspected = Mapping[str, Any]
"""`docker inspect` of a container."""


class ServiceContainers:
    """The containers of one Compose target, on the client's Docker."""

    def __init__(self, target: Target, home: Path, client: docker.DockerClient) -> None:
        self.api = client.api
        self._target = target
        self._compose = ComposeCommand(target, home)
        self.project = self._compose.project()

    def of(self, services: Collection[str]) -> list[Inspected]:
        """Every container of these services, running or not; empty: of all services."""
        wanted = [
            each["Id"] for each in self._listed() if not services or _service(each) in services
        ]
        found = [each for each in side_by_side(self.inspect, wanted) if each]
        return sorted(found, key=name_of)

    def inspect(self, identity: str) -> Inspected | None:
        """`docker inspect` of a container; None when it does not exist."""
        try:
            found: Inspected = self.api.inspect_container(identity)
        except NotFound:
            return None
        return found

    def which(self, named: Sequence[str]) -> tuple[list[str], list[str]]:
        """Split the names into Compose services (none named: all of the project) and unknown names.

        Raises InvalidInput when no name belongs to this target.
        """
        if not named:
            return list(self._target.compose_services), []
        known = {_service(each) for each in self._listed()} | set(self._target.compose_services)
        if not set(named) <= known:
            known |= set(self._rendered())  # a service that has no container at present
        meant = affected_compose_services(named, self._target, known)
        strangers = [name for name in named if name not in known]
        aliases = {self._target.name, *self._target.services}
        if not set(meant) & set(named) and not set(named) & aliases:
            raise InvalidInput(
                f"{quoted(strangers)} is no service of target {self._target.name}, which has:"
                f" {some(sorted(known - {''})) or 'none'}"
            )
        return list(meant), [name for name in strangers if name not in aliases]

    def dependants(self, services: Collection[str]) -> list[str]:
        """The services that depend on one of these, directly or not, as far as known."""
        needs = self._needs()
        found = set(services)
        while more := {s for s, needed in needs.items() if needed & found} - found:
            found |= more
        return sorted(found - set(services))

    def neighbours(self, networks: Collection[str], affected: Collection[str]) -> list[str]:
        """Containers on these networks that are not part of the project, or share their namespace.

        networks: ids and names; affected: ids of containers.
        """
        found = []
        for each in self.api.containers(all=True):
            if each["Id"] in affected or each["State"] not in ("running", "paused", "restarting"):
                continue
            attached = (each.get("NetworkSettings") or {}).get("Networks") or {}
            ids = {facts.get("NetworkID") for facts in attached.values()} | set(attached)
            mode = str((each.get("HostConfig") or {}).get("NetworkMode") or "")
            foreign = not is_of_project(_labels(each), self.project)
            if mode.removeprefix("container:") in affected:
                found.append(f"{_listed_name(each)} (uses the network of one of them)")
            elif foreign and ids & set(networks):
                found.append(_listed_name(each))
        return sorted(found)

    def publishers(self, port: int) -> list[str]:
        """The names of the containers that publish this port of the machine."""
        return [
            _listed_name(each)
            for each in self.api.containers()
            if any(port == binding.get("PublicPort") for binding in each.get("Ports") or ())
        ]

    def _listed(self) -> list[Inspected]:
        filters = {"label": labels_of_project(self.project)}
        found: list[Inspected] = self.api.containers(all=True, filters=filters)
        return found

    def _needs(self) -> dict[str, set[str]]:
        """Service → its dependencies, from the labels of Compose v2, else from the compose file."""
        labelled = [each for each in self._listed() if DEPENDS_ON in _labels(each)]
        if labelled:
            return {
                _service(each): {
                    part.partition(":")[0] for part in _labels(each)[DEPENDS_ON].split(",") if part
                }
                for each in labelled
            }
        return {name: set(data.get("depends_on") or ()) for name, data in self._rendered().items()}

    def _rendered(self) -> Mapping[str, Mapping[str, Any]]:
        """The services of the compose file; empty when it is unreadable: Docker's labels remain."""
        try:
            found: Mapping[str, Mapping[str, Any]] = self._compose.config().get("services") or {}
        except TargetError:
            return {}
        return found


def affected_compose_services(
    services: Iterable[str], target: Target, known: Collection[str]
) -> tuple[str, ...]:
    """The incident's services that are Compose services of the target.

    known: the Compose services. If the incident names none of them, returns what the target
    deploys: its `compose_services`, or empty, which means all of the project.
    """
    named = tuple(dict.fromkeys(service for service in services if service in known))
    return named or target.compose_services


def quoted(names: Iterable[str]) -> str:
    """Untrusted names, quoted on one short line."""
    return some([ascii(name[:60]) for name in names])


def name_of(container: Inspected) -> str:
    """The container's name."""
    return str(container["Name"]).lstrip("/")


def service_of(container: Inspected) -> str:
    """The container's Compose service."""
    return _service(container["Config"])


def is_alive(container: Inspected) -> bool:
    """True when it is running, or paused or restarting."""
    return str(container["State"].get("Status")) in ("running", "paused", "restarting")


def _service(labelled: Inspected) -> str:
    return service_of_labels(_labels(labelled))


def _labels(labelled: Inspected) -> Mapping[str, str]:
    return labelled.get("Labels") or {}


def _listed_name(container: Inspected) -> str:
    return str((container.get("Names") or ["/?"])[0]).lstrip("/")
