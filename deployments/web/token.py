"""Tokens of senders: who has one may send alerts, and nothing else. `intake` is always one."""

from __future__ import annotations

import secrets
from pathlib import Path

from schemas.errors import ConfigurationError
from schemas.settings import Settings
from schemas.settings.sign_in import INTAKE_SENDER
from tasks.base.home import make_home, secret_in

TOKEN_FILE = "intake.token"  # noqa: S105 - the name of a file
TOKEN_BYTES = 32
SENDERS_FOLDER = "senders"
"""In AEEF_HOME: the generated tokens of `[senders.NAME]`."""


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
    """The token, generated on first use into a file that only its owner can read.

    So are those of the senders that have none in the configuration.
    """
    if settings.intake.token is None and not _generated(settings):
        make_home(settings.home)
        # An empty file, which somebody left, would stay empty.
        (settings.home / TOKEN_FILE).unlink(missing_ok=True)
        secret_in(settings.home / TOKEN_FILE, _new)
    return token_of(settings)


def senders_of(settings: Settings) -> dict[str, str]:
    """The token of every sender, by name; one that has none gets one, in a file of AEEF_HOME.

    Who is taken out of the configuration is no sender any longer.
    """
    found = {INTAKE_SENDER: token_of(settings)}
    for name, sender in settings.senders.items():
        found[name] = (
            sender.token.get_secret_value() if sender.token else _generated_for(name, settings)
        )
    return found


def sender_file(name: str, settings: Settings) -> Path:
    """Where the generated token of a sender is."""
    return settings.home / SENDERS_FOLDER / f"{name}.token"


def _generated_for(name: str, settings: Settings) -> str:
    path = sender_file(name, settings)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return secret_in(path, _new).decode()
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"{path} cannot be read ({type(error).__name__}): it belongs to the user that runs"
            f" `aeef up`; or set [senders.{name}] token"
        ) from None


def _new() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


def _generated(settings: Settings) -> str:
    try:
        return secret_in(settings.home / TOKEN_FILE).decode()
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"{settings.home / TOKEN_FILE} cannot be read ({type(error).__name__}): it belongs to"
            " the user that runs `aeef up`; or set AEEF_INTAKE__TOKEN"
        ) from None
