"""Refuses to replace what was started with other compose files, or as another project."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from schemas.errors import DeployFailed, TargetError
from schemas.release import RollbackPlan
from schemas.settings import Target
from schemas.wording import some
from tasks.deploy.compose.docker import ComposeDocker, is_alive, service_of
from tasks.deploy.compose.files import ComposeFiles
from tasks.deploy.compose_command import ComposeCommand
from tasks.deploy.compose_labels import (
    config_hash_of,
    files_as_here,
    files_of,
    label_of_folder,
    project_of_labels,
)

_STAGE = "compare compose files"


def refuse_other_files(target: Target, compose: ComposeCommand, docker: ComposeDocker) -> None:
    """Raise TargetError when what runs was started with other files than we would use.

    It names both lists: a rollback with ours would start the services with other settings.
    Containers of services that our files do not have belong to somebody else, and are left alone.
    """
    ours = tuple(path.resolve() for path in compose.files.paths)
    present = docker.containers(compose.project())
    wanted, accepted = target.compose_services, target.compose_started_in
    others = [
        (container, there)
        for container in present
        if (there := files_as_here(container["Labels"], compose.files.folder, accepted))
        not in ((), ours)
        and (not wanted or service_of(container) in wanted)
    ]
    if others:
        known, hashes = compose.every_service(), compose.hashes()
        for container, there in others:
            service = service_of(container)
            stale = hashes.get(service) == config_hash_of(container["Labels"])
            # Compose leaves the label as it was while a new file changes nothing for a service.
            if service in known and not (stale and set(there) < set(ours)):
                raise TargetError(_STAGE, _other_files(target, service, there, ours))
    if not present:
        _refuse_other_project(target, compose, docker, ours)


def refuse_without(files: ComposeFiles, plan: RollbackPlan, target: Target) -> None:
    """Raise DeployFailed when the release ran with a compose file that would not be read now."""
    recorded = plan.artefacts.compose_files if plan.artefacts else []
    root = target.repository.resolve()
    ours = {_short(path.resolve(), root) for path in files.paths if path.is_file()}
    if missing := [name for name in recorded if name not in ours]:
        raise DeployFailed(
            _STAGE,
            f"{plan.to_commit[:12]} ran with {some(recorded)}, but now {some(sorted(ours))} would"
            f" be read: put {some(missing)} back in its place, or name it in compose_file of"
            f" [targets.{target.name}]",
        )


def _refuse_other_project(
    target: Target, compose: ComposeCommand, docker: ComposeDocker, ours: tuple[Path, ...]
) -> None:
    folder = compose.files.folder
    for place in dict.fromkeys((folder.absolute(), folder.resolve())):
        for container in docker.started_in(label_of_folder(place)):
            project = project_of_labels(container["Labels"])
            if is_alive(container) and files_of(container["Labels"])[:1] == ours[:1]:
                raise TargetError(
                    _STAGE,
                    f"nothing runs as Compose project {compose.project()}, but {project} was"
                    f" started from {ours[0]}: set compose_project ="
                    f' "{project}" in [targets.{target.name}]',
                )


def _other_files(target: Target, service: str, there: Sequence[Path], ours: Sequence[Path]) -> str:
    root = target.repository.resolve()
    if all(not path.is_relative_to(root) for path in there) and [p.name for p in there] == [
        p.name for p in ours
    ]:
        remedy = f'if that is a checkout of the same repository, add "{there[0].parent}" to' + (
            f" compose_started_in in [targets.{target.name}]"
        )
    else:
        names = ", ".join(f'"{_short(path, root)}"' for path in there)
        remedy = f"set compose_file = [{names}] in [targets.{target.name}]"
    return (
        f"service {service} was started with {_listed(there, root)}, but AEEF would use"
        f" {_listed(ours, root)}: its settings would change; {remedy}, or start it anew with the"
        " files that AEEF uses"
    )


def _listed(paths: Sequence[Path], root: Path) -> str:
    return " and ".join(_short(path, root) for path in paths) or "no file that is on record"


def _short(path: Path, root: Path) -> str:
    return str(path.relative_to(root) if path.is_relative_to(root) else path)
