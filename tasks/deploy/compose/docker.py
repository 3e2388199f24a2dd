"""Docker as a Compose deployment needs it: a project's containers, and images."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import docker
from docker.errors import ImageNotFound, NotFound

from schemas.errors import TargetError
from tasks.base.docker_connection import (
    DOCKER_ERRORS,
    DOCKER_SECONDS,
    REMEDY,
    docker_host,
    explained,
)
from tasks.deploy.compose_labels import is_one_off, labels_of_services, service_of_labels

Container = dict[str, Any]
"""A container as Docker lists it."""


class ComposeDocker:
    """One connection, made when it is first needed. Everything raises TargetError or DOCKER_ERRORS
    when Docker does not answer.
    """

    def __init__(self) -> None:
        self._client: docker.DockerClient | None = None

    def connect(self) -> docker.DockerClient:
        """The connection. Raises TargetError when Docker is not available."""
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

    def close(self) -> None:
        """Close the connection."""
        if self._client:
            self._client.close()

    def containers(self, project: str) -> list[Container]:
        """A project's containers, running or not, without one-off ones."""
        return self._listed(labels_of_services(project))

    def started_in(self, folder_label: str) -> list[Container]:
        """The containers of any project with this label."""
        return [c for c in self._listed([folder_label]) if not is_one_off(c["Labels"])]

    def _listed(self, labels: list[str]) -> list[Container]:
        try:
            found: list[Container] = self.connect().api.containers(
                all=True, filters={"label": labels}
            )
        except DOCKER_ERRORS as error:
            raise TargetError("ask Docker", f"Docker did not list containers: {error}") from error
        return found

    def inspect(self, container: Container) -> Mapping[str, Any] | None:
        """`docker inspect` of a container; None when it is gone."""
        with suppress(NotFound):
            found: Mapping[str, Any] = self.connect().api.inspect_container(container["Id"])
            return found
        return None

    def stop(self, container: Container) -> None:
        """Stop a container, and keep it."""
        self.connect().api.stop(container["Id"])

    def image_id(self, reference: str) -> str | None:
        """The id of an image on this machine; None when it is not here."""
        with suppress(ImageNotFound):
            return str(self.connect().images.get(reference).id)
        return None

    def digest(self, image: str, name: str) -> str | None:
        """`name@sha256:…` by which a registry has the image; that of this name comes first."""
        with suppress(ImageNotFound):
            known: list[str] = self.connect().images.get(image).attrs.get("RepoDigests") or []
            plain = _repository(name)
            same = [each for each in known if each.partition("@")[0].endswith(plain)]
            return next(iter([*same, *known]), None)
        return None

    def tag(self, image: str, tag: str) -> None:
        """Give an image a tag."""
        repository, _, version = tag.rpartition(":")
        self.connect().images.get(image).tag(repository, version)

    def pull(self, digest: str) -> str:
        """Pull `name@sha256:…`, with the credentials of the user's Docker; return the image's id.

        Raises TargetError with the registry's answer.
        """
        name, _, wanted = digest.partition("@")
        try:
            return str(self.connect().images.pull(name, tag=wanted).id)
        except DOCKER_ERRORS as error:
            raise TargetError("pull image", f"{digest} cannot be pulled: {explained(error)}") from (
                error
            )


def service_of(container: Container) -> str:
    """The container's Compose service."""
    return service_of_labels(container["Labels"])


def is_alive(container: Container) -> bool:
    """True when it is running, or paused or restarting."""
    return container["State"] in ("running", "paused", "restarting")


def _repository(name: str) -> str:
    """An image's name without tag and digest."""
    name = name.partition("@")[0]
    return name.rpartition(":")[0] if ":" in name.rpartition("/")[2] else name
