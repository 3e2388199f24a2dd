"""Docker Compose: finds it, renders a compose file with it, runs it."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from schemas.errors import TargetError
from schemas.settings import Target
from tasks.base.docker_connection import docker_host
from tasks.base.replace_file import replace_file
from tasks.base.run_command import Finished, run_command
from tasks.deploy.compose.files import ComposeFiles, from_dotenv
from tasks.deploy.compose.program import find_compose, is_old
from tasks.deploy.compose_labels import OUR_OVERRIDE
from tasks.target.repository import aeef_directory

COMMIT_LABEL = "aeef.commit"
TARGET_LABEL = "aeef.target"
_LOOK_TIMEOUT = 60.0
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The safe loader, in C where available: ten times as fast."""


class Service(NamedTuple):
    """One service of the compose file.

    replicas: how many containers it should have. stated: the file says so itself.
    """

    built: bool
    image: str | None
    replicas: int
    stated: bool = True

    def scaled(self, replicas: int | None) -> Service:
        """The service with so many containers, unless the file states another number."""
        return self if self.stated or replicas is None else self._replace(replicas=replicas)


class ComposeCommand:
    """Compose for one target: v2 (`docker compose`) or docker-compose 1.x.

    The target's `compose_command`, else the first of the two that is installed.
    """

    def __init__(self, target: Target, home: Path) -> None:
        self._target = target
        self._override = home / "rollbacks" / target.name / OUR_OVERRIDE
        self.files = ComposeFiles(target, self._is_old)
        self._program: tuple[str, ...] = ()
        self._project: str | None = None

    @property
    def file(self) -> Path:
        """The target's compose file, the first of several."""
        return self.files.paths[0]

    def find(self) -> None:
        """Raise when there is no Docker Compose on this machine."""
        self._program = self._program or find_compose(self._target)

    def _is_old(self) -> bool:
        """True for docker-compose 1.x."""
        self.find()
        return is_old(self._program)

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
            name: Service(
                "build" in data,
                data.get("image"),
                replicas_of(data),
                stated=_stated_replicas(data) is not None,
            )
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
            folder = self.files.folder
            name = from_dotenv(folder, "COMPOSE_PROJECT_NAME") or folder.resolve().name
        return _plain_name(str(name))

    def pin(
        self, images: Mapping[str, str | None], services: list[str], commit: str | None
    ) -> None:
        """Write the override file with our labels, and each pinned service's image.

        images: the image to name, or None for the one that the compose file names; it is on this
        machine, and not pulled again.
        """
        labels = {TARGET_LABEL: self._target.name, **({COMMIT_LABEL: commit} if commit else {})}
        content = {
            "services": {
                name: {
                    "labels": labels,
                    **({"pull_policy": "never"} if name in images else {}),
                    **({"image": images[name]} if images.get(name) else {}),
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

    def every_service(self) -> set[str]:
        """The names of all services of the compose file, those of inactive profiles included."""
        return set(self._rendered("--profile", "*").get("services") or {})

    def hashes(self) -> dict[str, str]:
        """Compose's own hash of each service, as its label on containers has it."""
        finished = self._run(
            "-p", self.project(), "config", "--hash", "*",
            called="config", timeout=_LOOK_TIMEOUT, errors_apart=True,
        )  # fmt: skip
        pairs = (line.split() for line in finished.output.splitlines())
        return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}

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
        """The services without a profile, or with an active one."""
        profiles = set(self.files.profiles)
        return {
            name
            for name, data in services.items()
            if not data.get("profiles") or profiles.intersection(data["profiles"])
        }

    def _run(
        self,
        *arguments: str,
        called: str,
        timeout: float,
        pid_file: Path | None = None,
        errors_apart: bool = False,
    ) -> Finished:
        self.find()
        files = [word for path in self.files.paths for word in ("-f", str(path))]
        profiles = self._target.compose_profiles
        return run_command(
            (*self._program, *files, *arguments),
            cwd=self._target.repository,
            timeout=timeout,
            # Compose must change the same Docker that we look at, whatever
            # `docker context` says; `${PWD}` in its file is where a person would stand.
            env={"DOCKER_HOST": docker_host(), "PWD": str(self._target.repository)}
            | ({"COMPOSE_PROFILES": ",".join(profiles)} if profiles else {}),
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


def replicas_of(data: Mapping[str, Any], recorded: int | None = None) -> int:
    """How many containers a service of the rendered compose file should have.

    recorded: how many there were, which counts where the file does not state a number.
    """
    stated = _stated_replicas(data)
    return int((1 if recorded is None else recorded) if stated is None else stated)


def _stated_replicas(data: Mapping[str, Any]) -> Any:
    scale = data.get("scale")
    return (data.get("deploy") or {}).get("replicas") if scale is None else scale


def _plain_name(project: str) -> str:
    """A project name as Compose writes it on containers."""
    return re.sub(r"[^-_a-z0-9]", "", project.lower())
