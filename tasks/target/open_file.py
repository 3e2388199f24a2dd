"""Opens an untrusted file of a target: follows no link, and reads only regular files."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from schemas.errors import InvalidInput
from schemas.settings import Target


def inside(target: Target, name: str) -> Path:
    """The path of a file in the target's repository, whether it exists or not.

    Raises InvalidInput when a symbolic link leads it outside.
    """
    path = target.repository / name
    real = target.repository.resolve()
    if path.parent.resolve() != real / Path(name).parent or path.is_symlink():
        raise InvalidInput(f"{path} is, or is reached through, a symbolic link: it is not followed")
    return path


def open_file(path: Path) -> BinaryIO:
    """Open for reading. Raises InvalidInput for a link, a pipe or a device; OSError otherwise."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    raise InvalidInput(f"{path} is not a plain file: it is not read")
