"""Sockets of Prefect's clients, who log in by their first message."""

from __future__ import annotations

import asyncio
import json
from hmac import compare_digest

from deployments.web.asgi import Application, Message, Receive, Scope, Send

LOG_IN_SECONDS = 10.0
"""How long a client may be silent that has not shown a login."""
MOST_BYTES = 4096
POLICY_VIOLATION = 1008
GONE: Message = {"type": "websocket.disconnect", "code": POLICY_VIOLATION}


async def logged_in(
    prefect: Application,
    scope: Scope,
    receive: Receive,
    send: Send,
    credential: str,
    seconds: float = LOG_IN_SECONDS,
) -> None:
    """Serve a socket whose first message has to be `{"type": "auth", "token": credential}`.

    Prefect answers that message and every later one. It learns nothing of a socket that does not
    log in but that its client has gone.
    """
    state = "connecting"

    async def checked() -> Message:
        nonlocal state
        if state == "in":
            return await receive()
        if state == "out":
            return dict(GONE)
        try:
            message = await asyncio.wait_for(receive(), seconds)
        except TimeoutError:
            message = {"type": "nothing"}
        if message["type"] in ("websocket.connect", "websocket.disconnect"):
            return message
        if _is_login(message, credential):
            state = "in"
            return message
        state = "out"
        await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": "not logged in"})
        return dict(GONE)

    async def unless_closed(message: Message) -> None:
        if state != "out":
            await send(message)

    await prefect(scope, checked, unless_closed)


def _is_login(message: Message, credential: str) -> bool:
    text = message.get("text") or message.get("bytes") or ""
    if len(text) > MOST_BYTES:
        return False
    try:
        said = json.loads(text)
        is_login, token = said["type"] == "auth", str(said["token"]).encode()
    except (ValueError, KeyError, TypeError, RecursionError):
        return False
    return is_login and compare_digest(token, credential.encode())
