"""Reads the running state of a Compose project from Docker, with concurrent requests."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import docker
from docker.errors import APIError, NotFound

from tasks.base.docker_connection import docker_connection, side_by_side
from tasks.deploy.compose_labels import is_of_project, is_one_off, service_of_labels


class RunningProject:
    """The present containers of a project, and others that joined its networks."""

    def __init__(self, client: docker.DockerClient, project: str) -> None:
        self._client = client
        self._project = project
        self._inspected: list[Mapping[str, Any]] = []
        self.others: list[Mapping[str, Any]] = []

    def read(self, networks: Collection[str]) -> None:
        """Query Docker. networks: those that belong only to the project."""
        ours, others = [], []
        for container in self._client.api.containers(all=True):
            attached = (container.get("NetworkSettings") or {}).get("Networks") or {}
            if is_of_project(container.get("Labels") or {}, self._project):
                ours.append(container["Id"])
            elif container.get("State") == "running" and set(attached) & set(networks):
                others.append(container)
        self.others = others
        self._inspected = [found for found in side_by_side(self._inspect, ours) if found]

    def of(self, service: str) -> list[Mapping[str, Any]]:
        """The containers of a service, except one-off ones."""
        return [c for c in self._inspected if _service(c) == service and not is_one_off(_labels(c))]

    def not_of(self, services: Collection[str] | None) -> Iterator[tuple[str, str]]:
        """Name and image of every running container that belongs to none of the services.

        services: None when it is not known which there are; then any of the project may be one.
        """
        for each in self._inspected:
            alive = each["State"].get("Status") in ("running", "paused", "restarting")
            strange = services is not None and _service(each) not in services
            if alive and (is_one_off(_labels(each)) or strange):
                yield str(each["Name"]).lstrip("/"), str(each["Image"])
        for each in self.others:
            yield str((each.get("Names") or ["/?"])[0]).lstrip("/"), str(each.get("ImageID"))

    def images(self, references: Iterable[str]) -> dict[str, Mapping[str, Any]]:
        """`docker image inspect` of every reference that exists on this machine."""
        wanted = list(dict.fromkeys(references))
        found = zip(wanted, side_by_side(self._image, wanted), strict=True)
        return {reference: image for reference, image in found if image}

    def _inspect(self, identity: str) -> Mapping[str, Any] | None:
        try:
            found: Mapping[str, Any] = self._client.api.inspect_container(identity)
        except NotFound:  # it was removed between the two requests
            return None
        return found

    def _image(self, reference: str) -> Mapping[str, Any] | None:
        try:
            found: Mapping[str, Any] = self._client.images.get(reference).attrs
        except APIError as error:
            if error.is_client_error():  # it does not exist, or the history's name is invalid
                return None
            raise
        return found


@contextmanager
def running_project(project: str) -> Iterator[RunningProject]:
    """The running project. Raises TemporaryError whenever Docker does not answer."""
    with docker_connection() as client:
        yield RunningProject(client, project)


def _service(container: Mapping[str, Any]) -> str:
    return service_of_labels(_labels(container))


def _labels(container: Mapping[str, Any]) -> Mapping[str, Any]:
    return container["Config"].get("Labels") or {}
