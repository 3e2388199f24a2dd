"""Pauses and unpauses the containers of an agent, those labelled `aeef.agent=<id>`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any

import docker
from docker.errors import APIError, NotFound
from docker.models.containers import Container

from schemas.agents import CONTAINER_LABEL
from schemas.errors import TemporaryError
from tasks.base.docker_connection import docker_connection

DOCKER_TIMEOUT = 10
QUIET_LOOKS = 3
"""How many checks in a row must find nothing running."""
LOOK_SECONDS = 0.1
SETTLE_SECONDS = 20.0
"""How long we keep pausing containers that are started meanwhile."""
_REMEDY = (
    "is it running, may we use it? Without Docker on this machine set `containers = false` in the"
    " target's agents table"
)
_ACTS = ("running", "restarting", "removing")


class Paused:
    """paused: names of all paused containers; idle: names of those that are not running."""

    def __init__(self, containers: Iterable[Container]) -> None:
        found = list(containers)
        self.paused = sorted(str(c.name) for c in found if c.status == "paused")
        self.idle = sorted(str(c.name) for c in found if c.status != "paused")

    def __str__(self) -> str:
        if not self.paused and not self.idle:
            return "none has the label"
        said = [f"paused {_some(self.paused)}"] if self.paused else []
        return " and ".join([*said, *([f"{_some(self.idle)} not running"] if self.idle else [])])


def containers_of(agent_id: str) -> list[dict[str, Any]]:
    """`docker inspect` of each container of the agent. Raises TemporaryError."""
    with _client() as client:
        return [container.attrs for container in _labelled(client, agent_id)]


def pause_containers(agent_id: str, before_pause: Callable[[str], None]) -> Paused:
    """Pause all containers until several checks in a row find none running. Safe to repeat.

    before_pause: called with each container's id before it is paused.
    Raises TemporaryError that names those still running.
    """
    give_up_at = time.monotonic() + SETTLE_SECONDS
    quiet, problem = 0, ""
    with _client() as client:
        while True:
            found = _labelled(client, agent_id)
            acting = [container for container in found if container.status in _ACTS]
            quiet = 0 if acting else quiet + 1
            if quiet >= QUIET_LOOKS:
                return Paused(found)
            if time.monotonic() > give_up_at:
                names = _some([str(container.name) for container in acting])
                raise TemporaryError("Docker", f"still running: {names}{problem}")
            for container in acting:
                problem = _pause(container, before_pause) or problem
            time.sleep(LOOK_SECONDS)


def unpause_containers(ids: Iterable[str]) -> list[str]:
    """Unpause those of these containers that are paused; return their names. Safe to repeat."""
    resumed = []
    with _client() as client:
        for container_id in ids:
            try:
                container = client.containers.get(container_id)
                if container.status == "paused":
                    container.unpause()
                    resumed.append(str(container.name))
            except NotFound:
                continue  # removed since
    return resumed


def _labelled(client: docker.DockerClient, agent_id: str) -> list[Container]:
    label = f"{CONTAINER_LABEL}={agent_id}"
    return client.containers.list(all=True, filters={"label": label}, ignore_removed=True)


def _pause(container: Container, before_pause: Callable[[str], None]) -> str:
    """Try to pause it; return why it failed."""
    if container.status != "running":
        return ""
    before_pause(str(container.id))
    try:
        container.pause()
    except NotFound:
        return ""
    except APIError as error:  # it ended, or somebody else paused it: the next check will show
        return f" ({error.explanation or error.status_code})"
    return ""


def _client() -> AbstractContextManager[docker.DockerClient]:
    return docker_connection(seconds=DOCKER_TIMEOUT, remedy=_REMEDY)


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown
