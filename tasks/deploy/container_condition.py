"""Looks at the containers of a Compose project: what each does, and the last it said."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, cast

import docker
from docker.errors import NotFound

from schemas.errors import TargetError
from schemas.health import Condition, ContainerState
from tasks.base.docker_connection import DOCKER_ERRORS, explained, side_by_side
from tasks.base.run_command import tail_of
from tasks.base.trim import clean
from tasks.deploy.compose_labels import labels_of_services, service_of_labels

_LINES = 5
_CHARACTERS = 500
_LONGEST_PAUSE = 70.0
"""Seconds: Docker waits a minute at most before it starts a crashed container again."""


def container_condition(
    client: docker.DockerClient, project: str, wanted: Mapping[str, int]
) -> Condition:
    """The condition of these services. wanted: service → how many containers it should have.

    Raises TargetError when Docker does not answer.
    """
    try:
        listed = client.api.containers(all=True, filters={"label": labels_of_services(project)})
        ours = [each for each in listed if service_of_labels(each["Labels"]) in wanted]
        found = side_by_side(lambda each: _look(client, each["Id"]), ours)
    except DOCKER_ERRORS as error:
        raise TargetError(
            "ask Docker", f"Docker did not show the containers: {explained(error)}"
        ) from None
    return Condition(containers=tuple(each for each in found if each), wanted=dict(wanted))


def _look(client: docker.DockerClient, container: str) -> ContainerState | None:
    try:
        details = client.api.inspect_container(container)
    except NotFound:  # removed since it was listed
        return None
    state = details["State"]
    seen = ContainerState(
        id=details["Id"],
        name=str(details["Name"]).lstrip("/"),
        service=service_of_labels(details["Config"]["Labels"]),
        status=state["Status"],
        exit_code=state["ExitCode"],
        out_of_memory=state.get("OOMKilled", False),
        restarts=details.get("RestartCount", 0),
        started_at=_moment(state.get("StartedAt", "")),
        policy=details["HostConfig"]["RestartPolicy"]["Name"] or "no",
        health=(state.get("Health") or {}).get("Status"),
    )
    if seen.is_well and not seen.restarts:
        return seen
    update: dict[str, Any] = {"last_lines": _last_lines(client, details)}
    if seen.restarts and seen.status == "running" and seen.started_at:
        update["exit_code"] = _ended_before(client, seen.id, seen.started_at.timestamp())
    return seen.model_copy(update=update)


def _ended_before(client: docker.DockerClient, container: str, started: float) -> int:
    """The exit code of the run before this one, which a running container no longer shows.

    Docker keeps the last 256 events. All times are its own: it would wait for one to come.
    """
    codes = [0]
    with suppress(*DOCKER_ERRORS, ValueError):
        events = client.api.events(
            since=int(started - _LONGEST_PAUSE),
            until=cast("int", started),  # to the microsecond: it is put into the address
            filters={"container": container, "event": "die"},
            decode=True,
        )
        codes += [int(each["Actor"]["Attributes"]["exitCode"]) for each in events]
    return codes[-1]


def _last_lines(client: docker.DockerClient, details: dict[str, Any]) -> str:
    """The end of its own healthcheck's output, or of its log; masked as any command's output."""
    state = details["State"]
    said = ""
    if state["Status"] == "running" and (probes := (state.get("Health") or {}).get("Log")):
        said = str(probes[-1].get("Output", ""))
    if not said.strip():
        with suppress(*DOCKER_ERRORS):  # some log drivers cannot be read
            log: bytes = client.api.logs(details["Id"], tail=_LINES)
            said = log[-10 * _CHARACTERS :].decode("utf-8", "replace")
    lines = tail_of(clean(said)).splitlines()[-_LINES:]
    return "\n".join(lines)[-_CHARACTERS:]


def _moment(text: str) -> datetime | None:
    """A time of Docker's, which has nine digits of a second; year 1: never."""
    with suppress(ValueError):
        moment = datetime.fromisoformat(text)
        return moment if moment.year > 1 and moment.tzinfo else None
    return None
