"""AEEF_HOME, the folder that keeps our state, and secrets in it: only its owner reads them."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from schemas.errors import ConfigurationError

OWNER_ONLY = 0o600


def make_home(home: Path) -> None:
    """Create the folder when it is missing. Raises ConfigurationError when it cannot be."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f"AEEF_HOME {home} cannot be created: {error.strerror}") from error


def secret_in(path: Path, make: Callable[[], str] | None = None) -> bytes:
    """What the file holds, without white space at its ends; empty when there is no file.

    make: makes the content of a missing file. Raises OSError.
    """
    if make is not None:
        make_once(path, f"{make()}\n".encode())
    try:
        return path.read_bytes().strip()
    except FileNotFoundError:
        return b""


def make_once(path: Path, content: bytes) -> None:
    """Make a file that only its owner reads, unless there is one. Raises OSError.

    It is written aside and linked: of several processes that start together one wins, and all
    read the same.
    """
    if path.exists():
        return
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    try:
        os.write(descriptor, content)
        os.fsync(descriptor)
        with suppress(FileExistsError):
            os.link(aside, path)
    finally:
        os.close(descriptor)
        aside.unlink()
