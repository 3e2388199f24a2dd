"""The intake's token: who has it may send alerts and read the record, and signs in at Prefect."""

from __future__ import annotations

import secrets

from schemas.errors import ConfigurationError
from schemas.settings import Settings
from tasks.base.home import make_home, secret_in

TOKEN_FILE = "intake.token"  # noqa: S105 - the name of a file
TOKEN_BYTES = 32


def token_of(settings: Settings) -> str:
    """The intake's token: the configured one, else the generated one.

    Raises ConfigurationError when there is none.
    """
    if settings.intake.token is not None:
        if token := settings.intake.token.get_secret_value().strip():
            return token
        raise ConfigurationError("intake.token is empty: give a long random one, or none")
    if token := _generated(settings):
        return token
    raise ConfigurationError(
        "no intake token: set AEEF_INTAKE__TOKEN, or run `aeef up`, which makes"
        f" {settings.home / TOKEN_FILE}"
    )


def ensure_token(settings: Settings) -> str:
    """The token, generated on first use into a file that only its owner can read."""
    if settings.intake.token is None and not _generated(settings):
        make_home(settings.home)
        # An empty file, which somebody left, would stay empty.
        (settings.home / TOKEN_FILE).unlink(missing_ok=True)
        secret_in(settings.home / TOKEN_FILE, lambda: secrets.token_urlsafe(TOKEN_BYTES))
    return token_of(settings)


def _generated(settings: Settings) -> str:
    try:
        return secret_in(settings.home / TOKEN_FILE).decode()
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"{settings.home / TOKEN_FILE} cannot be read ({type(error).__name__}): it belongs to"
            " the user that runs `aeef up`; or set AEEF_INTAKE__TOKEN"
        ) from None
