"""Authentication at the intake: bearer token, or basic auth with the token as password."""

from __future__ import annotations

import base64
import binascii
import hmac

from fastapi import HTTPException, Request

USER = "aeef"


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
