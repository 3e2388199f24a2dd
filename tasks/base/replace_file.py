"""Replaces a file atomically: after a crash, too, it has the old content or the new one."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

_NEW_FILE_MODE = 0o644


def replace_file(path: Path, content: bytes, *, mode: int | None = None) -> None:
    """Write, fsync and rename. Keeps mode and owner; a symlink stays a symlink.

    mode: of a new file.
    """
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        before: os.stat_result | None = path.stat()
    except FileNotFoundError:
        before = None
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            if before:
                os.fchmod(descriptor, stat.S_IMODE(before.st_mode))
                with suppress(PermissionError):  # only root may give files away
                    os.fchown(descriptor, before.st_uid, before.st_gid)
            else:
                os.fchmod(descriptor, _NEW_FILE_MODE if mode is None else mode)
            os.fsync(descriptor)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
