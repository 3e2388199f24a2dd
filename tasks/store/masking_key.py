"""The secret key for masks: `AEEF_HOME/masking.key`, generated when first needed."""

from __future__ import annotations

import secrets

from schemas.errors import ConfigurationError
from schemas.settings import Settings
from tasks.base.home import secret_in

KEY_BYTES = 32


def masking_key(settings: Settings) -> bytes:
    """The configured key, else the one in AEEF_HOME, which must exist. It never leaves the machine.

    Raises ConfigurationError when the file cannot be written or read.
    """
    if settings.masking.key is not None:
        return settings.masking.key.get_secret_value().encode()
    path = settings.home / "masking.key"
    try:
        key = secret_in(path, lambda: secrets.token_hex(KEY_BYTES))
    except OSError as error:
        raise ConfigurationError(
            f"the key of the masks, {path}, cannot be used: {error.strerror}; set AEEF_MASKING__KEY"
        ) from error
    if len(key) < KEY_BYTES:
        raise ConfigurationError(
            f"the key of the masks, {path}, is too short; restore or remove it"
        )
    return key
