"""A lock on a file; the kernel releases it when its holder dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def file_lock(path: Path, *, wait: bool = True, mode: int = 0o600) -> Iterator[int]:
    """Hold the lock of a file, created if needed, until the block ends; yield its descriptor.

    path: may be a directory too; then its entries are made durable at the end.
    wait: False: raise BlockingIOError when another process has the lock.
    mode: of a new file; 0o666 where another user's AEEF takes the same lock.
    A symbolic link at `path` is not followed (OSError).
    """
    descriptor = open_lock(path, mode)
    try:
        if wait:
            hold(descriptor)
        elif not try_to_hold(descriptor):
            raise BlockingIOError(f"{path} is locked by another process")
        yield descriptor
        if path.is_dir():
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_lock(path: Path, mode: int = 0o600) -> int:
    """Open the file to lock, creating it if needed; return its descriptor."""
    if path.is_dir():
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, mode)


def hold(descriptor: int) -> None:
    """Wait for the lock. Closing the descriptor releases it."""
    fcntl.flock(descriptor, fcntl.LOCK_EX)


def try_to_hold(descriptor: int) -> bool:
    """Take the lock if it is free; False when another process has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
