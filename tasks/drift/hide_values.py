"""Hides values that may be secret: the result can be compared, but reveals nothing."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from contextlib import suppress
from pathlib import Path

from schemas.errors import ConfigurationError
from tasks.base.run_command import without_credentials

SALT_FILE = "drift.salt"
_SALT_BYTES = 32
_SECRET = re.compile(
    r"(?i)([\w.-]*(?:pass|pwd|token|secret|key|auth|cred)[\w.-]*(?:\s*[=:]\s*|\s+))(\S+)"
)
"""A word that names a secret, and its value: `--db-password=x`, `API_KEY x`."""


class Hider:
    """Hashes values with the salt of this installation, `AEEF_HOME/drift.salt`."""

    def __init__(self, home: Path) -> None:
        self._salt = _salt(home / SALT_FILE)

    def hidden(self, name: str, value: str) -> str:
        """A hash that only shows, on this installation, whether two values of a name are equal."""
        digest = hmac.new(self._salt, f"{name}\0{value}".encode(errors="replace"), hashlib.sha256)
        return f"hash {digest.hexdigest()[:16]}"

    def without_secrets(self, name: str, value: str) -> str:
        """The value with anything that looks like a password or token hashed."""
        if _SECRET.search(f"{name} x"):
            return self.hidden(name, value)
        shown = _SECRET.sub(lambda m: m[1] + f"[{self.hidden(name, m[2])}]", value)
        plain = without_credentials(shown)
        # The part removed from a URL counts too.
        return plain if plain == shown else f"{plain} [{self.hidden(name, shown)}]"


def _salt(path: Path) -> bytes:
    """The salt, created when first needed, readable by its owner only."""
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
