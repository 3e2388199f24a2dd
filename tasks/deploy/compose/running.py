"""Checks that the services of a release run, each with its image."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from schemas.errors import DeployFailed
from schemas.settings import Target
from tasks.deploy.compose.docker import ComposeDocker, Container, service_of
from tasks.deploy.compose.pins import Pin
from tasks.deploy.compose_command import COMMIT_LABEL, ComposeCommand, Service

_STEADY_WITHIN = 10.0
_POLL = 0.05


class RunningServices:
    """The containers of a target's services."""

    def __init__(self, target: Target, compose: ComposeCommand, docker: ComposeDocker) -> None:
        self._target = target
        self._compose = compose
        self._docker = docker

    def containers(self) -> list[Container]:
        """Those of the services that the target deploys, running or not."""
        found = self._docker.containers(self._compose.project())
        wanted = self._target.compose_services
        return [c for c in found if not wanted or service_of(c) in wanted]

    def steady(
        self,
        commit: str | None,
        pins: Mapping[str, Pin],
        services: Mapping[str, Service],
        *,
        scaled: bool = False,
    ) -> dict[str, str]:
        """Check until all is as expected; a container needs a moment to start or to fail.

        scaled: there may be more or fewer containers of a service than its file says.
        """
        give_up_at = time.monotonic() + _STEADY_WITHIN
        while True:
            try:
                return self.look(commit, pins, services, scaled=scaled)
            except DeployFailed:
                if time.monotonic() > give_up_at:
                    raise
            time.sleep(_POLL)

    def look(
        self,
        commit: str | None,
        pins: Mapping[str, Pin],
        services: Mapping[str, Service],
        *,
        scaled: bool = False,
    ) -> dict[str, str]:
        """The image of each service; raises DeployFailed unless all is as expected."""
        containers = self.containers()
        images = {}
        for name, service in services.items():
            mine = [c for c in containers if service_of(c) == name]
            if len(mine) != service.replicas and not (scaled and mine):
                has = f"{len(mine)} containers" if mine else "no container"
                wants = f", not {service.replicas}" if mine else ""
                raise DeployFailed("verify", f"service {name} has {has}{wants}")
            pin = pins.get(name)
            if pin and pin.image is None:
                raise DeployFailed("verify", f"the image of {name} is not on this machine")
            for container in mine:
                self._judge(name, container, commit, pin and pin.image)
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
        details = self._docker.inspect(container) if container["State"] == "exited" else None
        if details is None:
            return False
        policy = details["HostConfig"]["RestartPolicy"]["Name"]
        return details["State"]["ExitCode"] == 0 and policy in ("", "no", "on-failure")
