"""The salt of this installation, with which values that may be secret are hashed."""

from __future__ import annotations

import secrets
from pathlib import Path

from pydantic import SecretStr

from schemas.errors import ConfigurationError
from tasks.base.home import OWNER_ONLY, make_once
from tasks.base.replace_file import replace_file

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
        make_once(path, secrets.token_bytes(_SALT_BYTES))
        return _checked(path)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be used: {error.strerror or error}") from error


def kept_salt(home: Path, given: SecretStr | None) -> bytes:
    """The salt that is there, empty when none is; what the settings give is put there first.

    So everything that hashes reads one file. Raises ConfigurationError when it cannot be used.
    """
    path = home / SALT_FILE
    try:
        there = path.read_bytes() if path.exists() else b""
        if given is None or there == (wanted := given.get_secret_value().encode()):
            return there
        replace_file(path, wanted, mode=OWNER_ONLY)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be used: {error.strerror or error}") from error
    return wanted


def _checked(path: Path) -> bytes:
    content = path.read_bytes()
    if len(content) < _SALT_BYTES:
        raise ConfigurationError(
            f"{path} is damaged; remove it (known drifts are then reported once more)"
        )
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)
    return content
