"""The labels of Compose's containers, and how to distinguish them from an image's labels.

Compose v2 also labels the images that it builds with project and service, and any container
started from such an image inherits them. Only Compose's own containers have the one-off label,
so only those with it belong to the project; v2 itself checks for it as well.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

OUR_OVERRIDE = "compose.override.yml"
"""The file with which a rollback pins images, in `AEEF_HOME/rollbacks/<target>`."""
DEPENDS_ON = "com.docker.compose.depends_on"
_PROJECT = "com.docker.compose.project"
_FOLDER = f"{_PROJECT}.working_dir"
_FILES = f"{_PROJECT}.config_files"
_SERVICE = "com.docker.compose.service"
_ONE_OFF = "com.docker.compose.oneoff"

Labels = Mapping[str, str]


def labels_of_project(project: str) -> list[str]:
    """The Docker filter for a project's containers, including one-off ones."""
    return [f"{_PROJECT}={project}", _ONE_OFF]


def labels_of_services(project: str) -> list[str]:
    """The Docker filter for a project's containers, without one-off ones."""
    return [f"{_PROJECT}={project}", f"{_ONE_OFF}=False"]


def is_of_project(labels: Labels, project: str) -> bool:
    """True for a container of the project."""
    return labels.get(_PROJECT) == project and _ONE_OFF in labels


def service_of_labels(labels: Labels) -> str:
    """The container's service; empty when it has none."""
    return str(labels.get(_SERVICE, ""))


def is_one_off(labels: Labels) -> bool:
    """True for what `docker compose run` started."""
    return str(labels.get(_ONE_OFF, "")).lower() == "true"


def is_started_from(labels: Labels, file: Path) -> bool:
    """True when this was the first compose file given to Compose."""
    return files_of(labels)[:1] == (file.resolve(),)


def files_of(labels: Labels) -> tuple[Path, ...]:
    """The compose files that a container was started with, whole paths, without ours.

    docker-compose 1.x writes them as they were typed, in a folder that is not known; but all were
    typed in the same, and the first lies in the working directory.
    """
    names = [Path(name) for name in labels.get(_FILES, "").split(",") if name]
    folder = folder_of(labels)
    first = names[0].parent if names else Path()
    found = []
    for name in names:
        if name.parts[-1:] == (OUR_OVERRIDE,) and name.parts[-3:-2] == ("rollbacks",):
            continue
        if not name.is_absolute():
            here = name if first.is_absolute() else Path(os.path.relpath(name, first))
            found.append((folder / here).resolve())
        else:
            found.append(name.resolve())
    return tuple(found)


def files_as_here(labels: Labels, folder: Path, others: Sequence[Path]) -> tuple[Path, ...]:
    """As `files_of`; files of another of these folders are named as if they were of this one."""
    there, files = folder_of(labels), files_of(labels)
    if there == folder.resolve() or there not in [each.resolve() for each in others]:
        return files
    return tuple(
        folder.resolve() / path.relative_to(there) if path.is_relative_to(there) else path
        for path in files
    )


def folder_of(labels: Labels) -> Path:
    """Compose's project directory when it started the container."""
    return Path(labels.get(_FOLDER, "")).resolve()


def label_of_folder(folder: Path) -> str:
    """The Docker filter for the containers that Compose started in a folder."""
    return f"{_FOLDER}={folder}"


def project_of_labels(labels: Labels) -> str:
    """The name of the container's project."""
    return str(labels.get(_PROJECT, ""))


def config_hash_of(labels: Labels) -> str:
    """Compose's own hash of the service's configuration."""
    return str(labels.get("com.docker.compose.config-hash", ""))
