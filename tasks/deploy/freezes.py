"""Which targets are frozen: `AEEF_HOME/freezes/<target>.json`, and a marker for pipelines.

The marker is `.git/aeef/FROZEN` in the target's repository. What says that a target is frozen
and cannot be read counts as frozen.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from schemas.errors import TargetError
from schemas.release import Freeze
from schemas.settings import Target
from tasks.base.file_lock import file_lock
from tasks.base.replace_file import replace_file
from tasks.target.repository import aeef_directory

MARKER = "FROZEN"


@contextmanager
def freeze_lock(target_name: str, home: Path) -> Iterator[None]:
    """One freeze or release of a target at a time, on this machine."""
    with file_lock(_path(target_name, home).with_suffix(".lock")):
        yield


def read_freeze(target_name: str, home: Path) -> Freeze | None:
    """The freeze of a target; None when we froze nothing.

    Raises TargetError when it cannot be read.
    """
    path = _path(target_name, home)
    try:
        return Freeze.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError):
        raise TargetError(
            "frozen", f"{path} cannot be read, so {target_name} counts as frozen: look at that file"
        ) from None


def write_freeze(freeze: Freeze, home: Path) -> None:
    """Make it durable, in one step."""
    content = freeze.model_dump_json(by_alias=True, indent=2).encode()
    replace_file(_path(freeze.target, home), content, mode=0o600)


def end_freeze(target_name: str, home: Path) -> None:
    """The target is no longer frozen."""
    _path(target_name, home).unlink(missing_ok=True)


def marker_path(target: Target) -> Path:
    """Where pipelines look."""
    return aeef_directory(target) / MARKER


def write_marker(target: Target, freeze: Freeze) -> None:
    """Say in the target's repository that it is frozen."""
    path = marker_path(target)
    if path.is_symlink():
        path.unlink()  # it would be written elsewhere
    replace_file(path, f"frozen by {freeze}\n".encode(), mode=0o644)


def remove_marker(target: Target) -> None:
    """Pipelines may go on."""
    marker_path(target).unlink(missing_ok=True)


def frozen_by(target: Target, home: Path) -> str | None:
    """Why nothing may be deployed on the target; None when it may.

    Raises TargetError when it cannot be known.
    """
    if freeze := read_freeze(target.name, home):
        return f"deployments on {target.name} are frozen by {freeze}"
    path = marker_path(target)
    if path.exists() or path.is_symlink():
        return f"deployments on {target.name} are frozen by somebody else's {path}"
    return None


def refuse_frozen(target: Target, home: Path) -> None:
    """Raise TargetError, which says how to release it, when the target is frozen."""
    if why := frozen_by(target, home):
        raise TargetError(
            "frozen",
            f"{why}. Nothing was changed. To release it:"
            f" aeef freeze release --target {target.name} --approver NAME",
        )


def _path(target_name: str, home: Path) -> Path:
    return home / "freezes" / f"{target_name}.json"
