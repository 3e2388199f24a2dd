"""Authentication at the intake: bearer token, or basic auth with the token as password."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import parse_qs

from fastapi import HTTPException, Request

from deployments.web.token import token_of
from schemas.people import Actor, Method, Right
from schemas.settings import Settings
from tasks.store import Store

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


MOST_FORM_BYTES = 1 << 16


async def form_of(request: Request) -> Mapping[str, str]:
    """The fields of a form, the last one of each name."""
    body = (await request.body()).decode("utf-8", "replace")
    fields = parse_qs(body[:MOST_FORM_BYTES], keep_blank_values=True, max_num_fields=200)
    return {name: values[-1] for name, values in fields.items()}


class Guards:
    """Until there are people: whoever has the intake's token."""

    def __init__(self, settings: Settings, _store: Store) -> None:
        self.sender = Guard(token_of(settings))

    def person(self, _right: Right) -> Callable[..., Awaitable[Actor]]:
        """Everybody who has the token."""

        async def guard(request: Request) -> Actor:
            await self.sender(request)
            return Actor("whoever has the intake's token", Method.LOCAL)

        return guard
