"""Hides values that may be secret: the result can be compared, but reveals nothing."""

from __future__ import annotations

import hashlib
import hmac
import re
from pathlib import Path

from tasks.base.run_command import without_credentials
from tasks.base.salt import SALT_FILE, salt_of

__all__ = ["SALT_FILE", "Hider"]

_SECRET = re.compile(
    r"(?i)([\w.-]*(?:pass|pwd|token|secret|key|auth|cred)[\w.-]*(?:\s*[=:]\s*|\s+))(\S+)"
)
"""A word that names a secret, and its value: `--db-password=x`, `API_KEY x`."""


class Hider:
    """Hashes values with the salt of this installation, `AEEF_HOME/drift.salt`."""

    def __init__(self, home: Path) -> None:
        self._salt = salt_of(home)

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
