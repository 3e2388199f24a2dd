"""Reads request bodies, up to a limit, and parses JSON strictly."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import HTTPException, Request

from deployments.web.asgi import BODY_SECONDS
from schemas.errors import InvalidInput
from tasks.base.storable import clean_json

Body = Callable[[Request], Awaitable[bytes]]
Json = Callable[[Request], Awaitable[Any]]


def raw_body(limit: int) -> Body:
    """A dependency: the raw body; 413 when larger than `limit` bytes, 408 when it is too slow."""

    async def read(request: Request) -> bytes:
        too_large = HTTPException(413, f"the body is larger than {limit} bytes")
        length = request.headers.get("content-length", "")
        if length.isdecimal() and int(length) > limit:
            raise too_large
        body = bytearray()
        try:
            async with asyncio.timeout(BODY_SECONDS):
                async for chunk in request.stream():
                    body += chunk
                    if len(body) > limit:
                        raise too_large
        except TimeoutError:
            raise HTTPException(408, f"the body did not come within {BODY_SECONDS:g} s") from None
        return bytes(body)

    return read


def json_body(limit: int) -> Json:
    """A dependency that returns the body as JSON data; 415 when its sender says it is none.

    Pages of any site may let a browser send a form or plain text, without asking first.
    """
    read_raw = raw_body(limit)

    async def read(request: Request) -> Any:
        said = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if said and said != "application/json" and not said.endswith("+json"):
            raise HTTPException(415, "send JSON as 'Content-Type: application/json' (curl: --json)")
        return parse_json(await read_raw(request))

    return read


def parse_json(body: bytes) -> Any:
    """JSON data with texts that can be stored. Raises InvalidInput."""
    try:
        # Cleaned here: an alert must not be lost because its sender cut an emoji in half.
        return clean_json(json.loads(body, parse_constant=_no_constant))
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"body: not JSON, or nested too deeply: {error}") from None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
