"""The credential by which our own processes come in at the Prefect server of `aeef up`."""

from __future__ import annotations

import secrets
from pathlib import Path

from schemas.errors import ConfigurationError
from schemas.settings import Settings
from tasks.base.home import make_home, secret_in

CREDENTIAL_FILE = "prefect.credential"
"""In AEEF_HOME; as Prefect wants it in `PREFECT_API_AUTH_STRING`."""
CREDENTIAL_BYTES = 32


def credential_path(settings: Settings) -> Path:
    """Where it is."""
    return settings.home / CREDENTIAL_FILE


def ensure_credential(settings: Settings) -> str:
    """The credential, generated on first use into a file that only its owner can read."""
    make_home(settings.home)
    return _read(settings, make=True)


def credential_of(settings: Settings) -> str | None:
    """The credential; None when `aeef up` has not made one yet."""
    return _read(settings, make=False) or None


def _read(settings: Settings, *, make: bool) -> str:
    path = credential_path(settings)
    try:
        credential = secret_in(path, _generate if make else None).decode()
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"{path} cannot be read ({type(error).__name__}): it belongs to the user that runs"
            " `aeef up`"
        ) from None
    if make and len(credential) < CREDENTIAL_BYTES:
        raise ConfigurationError(f"{path} is too short for a credential: remove it")
    return credential


def _generate() -> str:
    return f"aeef:{secrets.token_urlsafe(CREDENTIAL_BYTES)}"
