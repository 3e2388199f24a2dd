"""Authentication at the intake: bearer token, or basic auth with the token as password."""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import secrets

from fastapi import HTTPException, Request

from schemas.errors import ConfigurationError
from schemas.settings import Settings
from tasks.base.home import make_home

USER = "aeef"
TOKEN_FILE = "intake.token"  # noqa: S105 - the name of a file


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
    path = settings.home / TOKEN_FILE
    if settings.intake.token is None and not _generated(settings):
        make_home(settings.home)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
        draft.rename(path)
    return token_of(settings)


def _generated(settings: Settings) -> str:
    try:
        return (settings.home / TOKEN_FILE).read_text("utf-8").strip()
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"{settings.home / TOKEN_FILE} cannot be read ({type(error).__name__}): it belongs to"
            " the user that runs `aeef up`; or set AEEF_INTAKE__TOKEN"
        ) from None


class Guard:
    """A FastAPI dependency: 401 unless the request carries the token."""

    def __init__(self, token: str) -> None:
        self._token = token.encode()

    async def __call__(self, request: Request) -> None:
        """Raise 401 that says how to authenticate, but nothing about the token."""
        given = _given(request.headers.get("authorization", ""))
        # Compared also when nothing was given, so that the time it takes reveals nothing.
        if not hmac.compare_digest(given, self._token) or not self._token:
            raise HTTPException(
                401,
                "authenticate with the intake's token: 'Authorization: Bearer …', or basic auth"
                f" as user '{USER}'",
                headers={"WWW-Authenticate": 'Basic realm="AEEF Runbooks", charset="UTF-8"'},
            )


def _given(header: str) -> bytes:
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip().encode()
    if scheme.lower() == "basic":
        try:
            user, _, password = base64.b64decode(value, validate=True).partition(b":")
        except (binascii.Error, ValueError):
            return b""
        return password if user == USER.encode() else b""
    return b""
