"""The labels of Compose's containers, and how to distinguish them from an image's labels.

Compose v2 also labels the images that it builds with project and service, and any container
started from such an image inherits them. Only Compose's own containers have the one-off label,
so only those with it belong to the project; v2 itself checks for it as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

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
    """True when this was the first compose file given to Compose (v2 writes full paths)."""
    folder, first = Path(labels.get(_FOLDER, "")), Path(labels.get(_FILES, "").split(",")[0])
    return (folder.resolve(), first.name) == (file.parent.resolve(), file.name)
