"""The salt of this installation, with which values that may be secret are hashed."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from schemas.errors import ConfigurationError

SALT_FILE = "drift.salt"
"""In `AEEF_HOME`. Its name is that of its first use, as it must not change."""
_SALT_BYTES = 32


def salt_of(home: Path) -> bytes:
    """The salt, created when first needed, readable by its owner only.

    Raises ConfigurationError when its file cannot be used.
    """
    path = home / SALT_FILE
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            return _checked(path)
        new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(descriptor, secrets.token_bytes(_SALT_BYTES))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        try:
            # If two processes start together, one wins; both use its salt.
            with suppress(FileExistsError):
                os.link(new, path)
        finally:
            new.unlink()
        return _checked(path)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be used: {error.strerror or error}") from error


def _checked(path: Path) -> bytes:
    content = path.read_bytes()
    if len(content) < _SALT_BYTES:
        raise ConfigurationError(
            f"{path} is damaged; remove it (known drifts are then reported once more)"
        )
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)
    return content
