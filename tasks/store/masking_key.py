"""The secret key for masks: `AEEF_HOME/masking.key`, generated when first needed."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress

from schemas.errors import ConfigurationError
from schemas.settings import Settings

KEY_BYTES = 32


def masking_key(settings: Settings) -> bytes:
    """The configured key, else the one in AEEF_HOME, which must exist. It never leaves the machine.

    Raises ConfigurationError when the file cannot be written or read.
    """
    if settings.masking.key is not None:
        return settings.masking.key.get_secret_value().encode()
    path = settings.home / "masking.key"
    try:
        if not path.exists():
            # Written to a temporary file and linked: concurrent processes read the same key.
            aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
            descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                os.write(descriptor, secrets.token_hex(KEY_BYTES).encode())
                os.fsync(descriptor)
                with suppress(FileExistsError):
                    os.link(aside, path)
            finally:
                os.close(descriptor)
                aside.unlink()
        key = path.read_bytes().strip()
    except OSError as error:
        raise ConfigurationError(
            f"the key of the masks, {path}, cannot be used: {error.strerror}; set AEEF_MASKING__KEY"
        ) from error
    if len(key) < KEY_BYTES:
        raise ConfigurationError(
            f"the key of the masks, {path}, is too short; restore or remove it"
        )
    return key
