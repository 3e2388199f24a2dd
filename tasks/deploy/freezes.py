"""Stores freezes: `AEEF_HOME/freezes/<target>.json`, and a marker for pipelines.

The marker is `.git/aeef/FROZEN` in the target's repository. A target whose freeze file cannot be
read counts as frozen.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from schemas.errors import InvalidInput, TargetError
from schemas.release import Freeze
from schemas.settings import Target
from tasks.base.model_file import ModelFile
from tasks.base.replace_file import replace_file
from tasks.target.repository import aeef_directory

MARKER = "FROZEN"


def freeze_lock(target_name: str, home: Path) -> AbstractContextManager[int]:
    """One freeze or release of a target at a time, on this machine."""
    return _file(target_name, home).lock()


def read_freeze(target_name: str, home: Path) -> Freeze | None:
    """The freeze of a target; None when we have not frozen it.

    Raises TargetError when it cannot be read.
    """
    try:
        return _file(target_name, home).read()
    except InvalidInput as error:
        raise TargetError("frozen", f"{target_name} counts as frozen: {error}") from None


def write_freeze(freeze: Freeze, home: Path) -> None:
    """Write the freeze durably and atomically."""
    _file(freeze.target, home).write(freeze)


def end_freeze(target_name: str, home: Path) -> None:
    """Remove the freeze of the target."""
    _file(target_name, home).remove()


def marker_path(target: Target) -> Path:
    """The marker file that pipelines check."""
    return aeef_directory(target) / MARKER


def write_marker(target: Target, freeze: Freeze) -> None:
    """Mark the target's repository as frozen."""
    path = marker_path(target)
    if path.is_symlink():
        path.unlink()  # a symbolic link: we would write elsewhere
    replace_file(path, f"frozen by {freeze}\n".encode(), mode=0o644)


def remove_marker(target: Target) -> None:
    """Remove the marker: pipelines may deploy again."""
    marker_path(target).unlink(missing_ok=True)


def frozen_by(target: Target, home: Path) -> str | None:
    """Why the target is frozen; None when it is not.

    Raises TargetError when this cannot be determined.
    """
    if freeze := read_freeze(target.name, home):
        return f"deployments on {target.name} are frozen by {freeze}"
    path = marker_path(target)
    if path.exists() or path.is_symlink():
        return f"deployments on {target.name} are frozen by somebody else's {path}"
    return None


def refuse_frozen(target: Target, home: Path) -> None:
    """Raise TargetError when the target is frozen; the text says how to release it.

    For what AEEF deploys itself: a freeze that only waits for people's sign-offs after a
    containment stops neither a rollback nor a hotfix that they approved.
    """
    freeze = read_freeze(target.name, home)
    if freeze is not None and not freeze.holds_all:
        return
    if why := frozen_by(target, home):
        raise TargetError(
            "frozen",
            f"{why}. Nothing was changed. To release it:"
            f" aeef freeze release --target {target.name}",
        )


def _file(target_name: str, home: Path) -> ModelFile[Freeze]:
    return ModelFile(home / "freezes" / f"{target_name}.json", Freeze)
