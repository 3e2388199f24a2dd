"""The headers that each page of ours has, and answers of a few lines."""

from __future__ import annotations

import json
from collections.abc import Iterable

from deployments.web.asgi import Message, Raw, Send

NO_FRAME = "frame-ancestors 'none'"
ONLY_ITSELF = (
    f"{NO_FRAME}; base-uri 'self'; object-src 'none'; form-action 'self'; connect-src 'self';"
    " script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:"
)
"""For pages with scripts of their own: no frame around them, and nothing of them goes elsewhere;
Prefect's UI would send usage statistics from the browser."""
POLICY = b"content-security-policy"
EVERYWHERE: tuple[Raw, ...] = (
    (b"x-frame-options", b"DENY"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
NOT_KEPT: Raw = (b"cache-control", b"no-store")
SAME_FOR_ALL = (b"text/javascript", b"application/javascript", b"text/css", b"font/", b"image/")
"""What a browser may keep: it shows nothing of anybody, and is most of what is loaded."""


def protected(send: Send, policy: str = ONLY_ITSELF) -> Send:
    """Send with the headers added; a policy that an answer brings of its own is kept."""

    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            there = {name.lower() for name, _ in message.get("headers", ())}
            more = [pair for pair in EVERYWHERE if pair[0] not in there]
            if POLICY not in there:
                more.append((POLICY, policy.encode()))
            message["headers"] = [*message.get("headers", ()), *more]
        await send(message)

    return with_headers


def asked_for_again(send: Send) -> Send:
    """Send so that a browser keeps no page and no data: whose session is over must sign in again.

    Without a word on it a browser keeps a file for a tenth of its age (RFC 9111, 4.2.2): after a
    sign-out the page would be shown again, and never ask who is there.
    """

    async def with_header(message: Message) -> None:
        if message["type"] == "http.response.start":
            there = {name.lower(): value for name, value in message.get("headers", ())}
            same_for_all = there.get(b"content-type", b"").startswith(SAME_FOR_ALL)
            if b"cache-control" not in there and not same_for_all:
                message["headers"] = [*message.get("headers", ()), NOT_KEPT]
        await send(message)

    return with_header


async def answer(
    send: Send, status: int, body: bytes, media_type: str, headers: Iterable[Raw] = ()
) -> None:
    """A whole answer."""
    start = {
        "type": "http.response.start",
        "status": status,
        "headers": [
            (b"content-type", media_type.encode()),
            (b"content-length", str(len(body)).encode()),
            NOT_KEPT,
            *headers,
        ],
    }
    await protected(send)(start)
    await send({"type": "http.response.body", "body": body})


async def refuse(send: Send, status: int, why: str) -> None:
    """An answer for programs; `exception_message` is what Prefect's clients and UI show."""
    content = json.dumps({"detail": why, "exception_message": why}).encode()
    await answer(send, status, content, "application/json")
