"""The labels that Compose puts on its containers, and how to tell them from an image's.

Compose v2 labels the images that it builds with project and service too, and a container that
somebody starts from such an image has them. Only Compose's own containers say whether they are
one-off ones, so only those that say it belong to the project; v2 itself looks for such a label.
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
    """The filter with which Docker lists the containers of a project, one-off ones too."""
    return [f"{_PROJECT}={project}", _ONE_OFF]


def labels_of_services(project: str) -> list[str]:
    """The same without one-off ones."""
    return [f"{_PROJECT}={project}", f"{_ONE_OFF}=False"]


def is_of_project(labels: Labels, project: str) -> bool:
    """True for a container of the project."""
    return labels.get(_PROJECT) == project and _ONE_OFF in labels


def service_of_labels(labels: Labels) -> str:
    """The service that a container belongs to; empty when it belongs to none."""
    return str(labels.get(_SERVICE, ""))


def is_one_off(labels: Labels) -> bool:
    """True for what `docker compose run` started."""
    return str(labels.get(_ONE_OFF, "")).lower() == "true"


def is_started_from(labels: Labels, file: Path) -> bool:
    """True when this compose file was the first that Compose was given (v2 writes whole paths)."""
    folder, first = Path(labels.get(_FOLDER, "")), Path(labels.get(_FILES, "").split(",")[0])
    return (folder.resolve(), first.name) == (file.parent.resolve(), file.name)
