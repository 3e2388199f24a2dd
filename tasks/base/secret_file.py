"""A secret in a file of its own, made once, that only its owner can read."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

OWNER_ONLY = 0o600


def secret_in(path: Path, make: Callable[[], str] | None = None) -> bytes:
    """What the file holds, without white space at its ends; empty when there is no file.

    make: makes the content of a missing file. It is written aside and linked, so that all that
    ask at the same time get the same. Raises OSError.
    """
    if make is not None and not path.exists():
        aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
        try:
            os.write(descriptor, f"{make()}\n".encode())
            os.fsync(descriptor)
            with suppress(FileExistsError):
                os.link(aside, path)
        finally:
            os.close(descriptor)
            aside.unlink()
    try:
        return path.read_bytes().strip()
    except FileNotFoundError:
        return b""
