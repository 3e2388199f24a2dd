"""Speaks to Docker Compose: finds it, reads what it makes of a compose file, runs it."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from schemas.errors import TargetError
from schemas.settings import Target
from tasks.base.docker_connection import docker_host
from tasks.base.replace_file import replace_file
from tasks.base.run_command import Finished, run_command
from tasks.target.repository import aeef_directory

COMMIT_LABEL = "aeef.commit"
TARGET_LABEL = "aeef.target"
_LOOK_TIMEOUT = 60.0
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The safe loader, in C where there is one: ten times as fast."""


class Service(NamedTuple):
    """One service of the compose file. replicas: how many containers it should have."""

    built: bool
    image: str | None
    replicas: int


class ComposeCommand:
    """`docker compose`, or `docker-compose` where only that exists, for one target."""

    def __init__(self, target: Target, home: Path) -> None:
        self._target = target
        self._override = home / "rollbacks" / target.name / "compose.override.yml"
        self._program: tuple[str, ...] = ()
        self._project: str | None = None

    @property
    def file(self) -> Path:
        """The target's compose file."""
        return self._target.repository / str(self._target.compose_file)

    def find(self) -> None:
        """Raise when there is no Docker Compose on this machine."""
        plugin = ("docker", "compose")
        if self._program:
            return
        if run_command((*plugin, "version"), cwd=Path.cwd(), timeout=_LOOK_TIMEOUT).problem is None:
            self._program = plugin
        elif shutil.which("docker-compose"):
            self._program = ("docker-compose",)
        else:
            raise TargetError(
                "find Docker Compose",
                "neither 'docker compose' nor 'docker-compose' is installed; install the"
                " docker-compose-plugin package",
            )

    def services(self) -> dict[str, Service]:
        """The services to deploy, of the compose file that is checked out."""
        found: dict[str, Any] = self.config().get("services") or {}
        wanted = self._target.compose_services
        missing = [name for name in wanted if name not in found]
        if missing:
            raise TargetError(
                "read compose file", f"{self.file} has no service {', '.join(missing)}"
            )
        return {
            name: Service("build" in data, data.get("image"), replicas_of(data))
            for name, data in found.items()
            if not wanted or name in wanted
        }

    def project(self) -> str:
        """The project name: the configured one, or Compose's own default."""
        if self._project is None:
            self._project = self._target.compose_project or self._default_project()
        return self._project

    def _default_project(self) -> str:
        name = self.config().get("name") or os.environ.get("COMPOSE_PROJECT_NAME")
        if not name:
            # What docker-compose 1.x does; it does not print the name.
            name = _from_dotenv(self.file.parent / ".env") or self.file.parent.resolve().name
            name = re.sub(r"[^-_a-z0-9]", "", name.lower())
        return str(name)

    def pin(self, images: Mapping[str, str], services: list[str], commit: str | None) -> None:
        """Write the override file: which image each service runs, and our labels."""
        labels = {TARGET_LABEL: self._target.name, **({COMMIT_LABEL: commit} if commit else {})}
        content = {
            "services": {
                name: {
                    "labels": labels,
                    **({"image": images[name], "pull_policy": "never"} if name in images else {}),
                }
                for name in services
            }
        }
        replace_file(self._override, yaml.safe_dump(content).encode())

    def run(self, *arguments: str, timeout: float) -> Finished:
        """Run a Compose command with the pinned images."""
        return self._run(
            *("-f", str(self._override), "-p", self.project(), *arguments),
            called=" ".join(arguments),
            timeout=timeout,
            pid_file=aeef_directory(self._target) / "running-command.json",
        )

    def config(self, project: str | None = None) -> dict[str, Any]:
        """The compose file as Compose understands it; `project` where the folder's is not meant."""
        finished = self._run(
            *(("-p", project) if project else ()),
            "config",
            called="config",
            timeout=_LOOK_TIMEOUT,
            errors_apart=True,
        )
        if finished.problem:
            raise TargetError("read compose file", str(finished))
        config: dict[str, Any] = yaml.load(finished.output, Loader=_Loader) or {}  # noqa: S506 - safe
        return config

    def _run(
        self,
        *arguments: str,
        called: str,
        timeout: float,
        pid_file: Path | None = None,
        errors_apart: bool = False,
    ) -> Finished:
        self.find()
        return run_command(
            (*self._program, "-f", str(self.file), *arguments),
            cwd=self._target.repository,
            timeout=timeout,
            # The Docker that we look at must be the one that Compose changes, whatever
            # `docker context` says.
            env={"DOCKER_HOST": docker_host()},
            pid_file=pid_file,
            errors_apart=errors_apart,
            called=" ".join([*self._program, called]),
        )


def image_tag(target: str, service: str, version: str) -> str:
    """The tag under which an image of ours is kept: `aeef-shop-web:3f2a…`."""
    return f"aeef-{_image_name(target)}-{_image_name(service)}:{version}"


def _image_name(name: str) -> str:
    """Image names allow less than service names; what has to be changed keeps a checksum."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if plain == name:
        return plain
    return f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def replicas_of(data: Mapping[str, Any]) -> int:
    """How many containers a service of the rendered compose file should have."""
    scale = data.get("scale")
    if scale is None:
        scale = (data.get("deploy") or {}).get("replicas")
    return 1 if scale is None else int(scale)


def _from_dotenv(path: Path) -> str | None:
    try:
        text = path.read_text("utf-8")
    except OSError:
        return None
    found = re.search(r"^\s*COMPOSE_PROJECT_NAME\s*=\s*[\"']?([^\"'\s]+)", text, re.MULTILINE)
    return found.group(1) if found else None
