"""Docker Compose: finds it, renders a compose file with it, runs it."""

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
_ANSWERED: set[tuple[str | None, ...]] = set()
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The safe loader, in C where available: ten times as fast."""


class Service(NamedTuple):
    """One service of the compose file. replicas: how many containers it should have."""

    built: bool
    image: str | None
    replicas: int


class ComposeCommand:
    """Compose for one target: v2 (`docker compose`) or docker-compose 1.x.

    The target's `compose_command`, else the first of the two that is installed.
    """

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
        if self._program:
            return
        configured = self._target.compose_command
        program = configured or ("docker", "compose")
        problem = _does_not_answer(program)
        if problem is None:
            self._program = program
        elif configured:
            raise TargetError(
                "find Docker Compose",
                f"{problem}; put right compose_command in [targets.{self._target.name}]",
            )
        elif shutil.which("docker-compose"):
            self._program = ("docker-compose",)
        else:
            raise TargetError(
                "find Docker Compose",
                "neither 'docker compose' nor 'docker-compose' is installed; install the"
                " docker-compose-plugin package",
            )

    def services(self) -> dict[str, Service]:
        """The services to deploy, from the compose file that is checked out."""
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
            configured = self._target.compose_project
            # 1.x turns any name into a plain one, also in labels; v2 accepts only plain ones.
            self._project = _plain_name(configured) if configured else self._default_project()
        return self._project

    def _default_project(self) -> str:
        name = self.config().get("name") or os.environ.get("COMPOSE_PROJECT_NAME")
        if not name:
            # As docker-compose 1.x does, which does not print the name.
            name = self._from_dotenv("COMPOSE_PROJECT_NAME") or self.file.parent.resolve().name
        return _plain_name(str(name))

    def pin(self, images: Mapping[str, str], services: list[str], commit: str | None) -> None:
        """Write the override file with each service's image and our labels."""
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
        """The compose file as Compose renders it; `project`: instead of the folder's name.

        A service of an inactive profile is left out, unless `compose_services` names it.
        """
        options = ("-p", project) if project else ()
        config = self._rendered(*options)
        named = set(self._target.compose_services)
        services: dict[str, Any] = config.get("services") or {}
        active = set(services)
        if "name" not in config:  # docker-compose 1.x, which prints inactive services too
            active = self._active_in(services)
        elif named - active:  # v2 prints them only on request
            config = self._rendered(*options, "--profile", "*")
            services = config.get("services") or {}
        wanted = {name: data for name, data in services.items() if name in active | named}
        return config | {"services": wanted}

    def _rendered(self, *options: str) -> dict[str, Any]:
        finished = self._run(
            *options,
            "config",
            called="config",
            timeout=_LOOK_TIMEOUT,
            errors_apart=True,
        )
        if finished.problem:
            raise TargetError("read compose file", str(finished))
        config: dict[str, Any] = yaml.load(finished.output, Loader=_Loader) or {}  # noqa: S506 - safe
        return config

    def _active_in(self, services: Mapping[str, Mapping[str, Any]]) -> set[str]:
        """The services without a profile, or with one in COMPOSE_PROFILES."""
        listed = os.environ.get("COMPOSE_PROFILES") or self._from_dotenv("COMPOSE_PROFILES") or ""
        profiles = set(listed.split(","))
        return {
            name
            for name, data in services.items()
            if not data.get("profiles") or profiles.intersection(data["profiles"])
        }

    def _from_dotenv(self, variable: str) -> str | None:
        """The variable's value in the `.env` beside the compose file."""
        try:
            text = (self.file.parent / ".env").read_text("utf-8")
        except OSError:
            return None
        line = rf"^\s*{variable}\s*=\s*[\"']?([^\"'\s]+)"
        found = re.search(line, text, re.MULTILINE)
        return found.group(1) if found else None

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
            # Compose must change the same Docker that we look at, whatever
            # `docker context` says; `${PWD}` in its file is where a person would stand.
            env={"DOCKER_HOST": docker_host(), "PWD": str(self._target.repository)},
            pid_file=pid_file,
            errors_apart=errors_apart,
            called=" ".join([*self._program, called]),
        )


def image_tag(target: str, service: str, version: str) -> str:
    """The tag of an image of ours: `aeef-shop-web:3f2a…`."""
    return f"aeef-{_image_name(target)}-{_image_name(service)}:{version}"


def _image_name(name: str) -> str:
    """A valid image name: they allow less than service names; a changed one gets a checksum."""
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


def _does_not_answer(program: tuple[str, ...]) -> str | None:
    """Why this program is not Compose, or None; cached for a program that has answered."""
    place = (shutil.which(program[0]), *program[1:])
    if place in _ANSWERED:
        return None
    asked = run_command((*program, "version"), cwd=Path.cwd(), timeout=_LOOK_TIMEOUT)
    if asked.problem is None:
        _ANSWERED.add(place)
        return None
    return str(asked)


def _plain_name(project: str) -> str:
    """A project name as Compose writes it on containers."""
    return re.sub(r"[^-_a-z0-9]", "", project.lower())
