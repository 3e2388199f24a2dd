"""The types of ASGI, the interface between a web server and an application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Raw = tuple[bytes, bytes]
"""A header."""
BODY_SECONDS = 30.0
"""For a whole body: a client that drips must not hold its connection for ever."""
