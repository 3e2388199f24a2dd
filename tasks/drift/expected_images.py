"""Finds the image that each service of the last known good release should run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from schemas.settings import Target
from tasks.deploy.compose.command import image_tag
from tasks.drift.compose_settings import ComposeFile
from tasks.drift.read_baseline import LastKnownGood
from tasks.drift.read_running import RunningProject

_IMAGE_ID = re.compile(r"sha256:[0-9a-f]{64}")


class ExpectedImages:
    """The image that each service should run, and the defaults that images set for containers.

    In this order: the id in the history; the tag that a rollback gives to the commit's image;
    for a service that is not built, its image name as it resolves on this machine.
    """

    def __init__(
        self,
        running: RunningProject,
        target: Target,
        good: LastKnownGood,
        compose: ComposeFile,
        services: tuple[str, ...],
    ) -> None:
        self._target, self._good = target, good
        self._running = running
        named = {
            name: str(data["image"])
            for name in services
            if "build" not in (data := compose.services[name]) and data.get("image")
        }
        tags = {name: self.tag(name) for name in services}
        present = [str(c["Image"]) for name in services for c in running.of(name)]
        self._found = running.images(
            [*tags.values(), *named.values(), *good.images.values(), *present]
        )
        self.expected: dict[str, str] = {}
        for name in services:
            recorded = good.images.get(name)
            image = (
                self._id(recorded)
                or (recorded if recorded and _IMAGE_ID.fullmatch(recorded) else None)
                or self._id(tags[name])
                or self._id(named.get(name))
            )
            if image:
                self.expected[name] = image

    def tag(self, service: str) -> str:
        """The tag that a rollback gives to the release's image."""
        return image_tag(self._target.name, service, self._good.commit)

    def base_of(self, service: str, running: str) -> Mapping[str, Any] | None:
        """The image whose defaults count: the expected one, else the running one."""
        expected = self.expected.get(service)
        by_id = {str(image["Id"]): image for image in self._found.values()}
        return by_id.get(expected or "") or by_id.get(running)

    def _id(self, reference: str | None) -> str | None:
        image = self._found.get(reference) if reference else None
        return str(image["Id"]) if image else None
