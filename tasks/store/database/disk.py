"""A disk that is full: how much is free, a reserve for that case, and the error in words."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

RESERVE_FILE = "disk.reserve"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class Reserve:
    """A file that takes up space, to be given back when what must be written finds none."""

    def __init__(self, folder: Path, size: int) -> None:
        """size: in bytes; 0: no reserve."""
        self.path = folder / RESERVE_FILE
        self._size = size

    def ensure(self) -> bool:
        """Make it again, when there is space for twice as much; True when it is there."""
        if self._size == 0 or self._is_whole():
            return True
        try:
            if free_bytes(self.path.parent) < 2 * self._size:
                return False
            file = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                os.posix_fallocate(file, 0, self._size)  # really taken: not a file with holes
            finally:
                os.close(file)
        except OSError:
            with suppress(OSError):
                self.path.unlink(missing_ok=True)
            return False
        return True

    def release(self) -> bool:
        """Give the space back; False when there was nothing to give."""
        try:
            self.path.unlink()
        except OSError:
            return False
        return True

    def _is_whole(self) -> bool:
        try:
            return self.path.stat().st_size >= self._size
        except OSError:
            return False


def free_bytes(folder: Path) -> int:
    """What a user without privileges can still write there. Raises OSError."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def is_full(error: OSError) -> bool:
    """True when there was no space left, or the user's share is used up."""
    return error.errno in _FULL


def in_words(error: OSError, doing: str) -> str | None:
    """What is full, and what to do; None for another error. doing: `write the record`."""
    if error.errno == errno.EROFS:
        return f"could not {doing}: {_where(error)} is on a disk that can only be read: remount it"
    if not is_full(error):
        return None
    return f"could not {doing}: the disk of {_where(error)} is full: make space there"


def _where(error: OSError) -> str:
    return os.fsdecode(error.filename) if error.filename else "the file (its name is not known)"
