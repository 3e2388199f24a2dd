"""Around the routes of senders: notes whose message was refused and why, and who was heard."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Protocol

from deployments.web.asgi import Application, Message, Receive, Scope, Send
from tasks.store.senders.refused import LONGEST_BODY, LONGEST_DETAIL

ROUTES = {
    "/v1/alerts": "alerts",
    "/v1/alertmanager": "alertmanager",
    "/v1/findings": "findings",
    "/v1/github": "github",
    "/v1/pagerduty": "pagerduty",
}
HOOKS = "/v1/hooks/"
NO_HOOK = "hooks"
"""The sender of a message to a hook that is not there."""
UNKNOWN, UNREADABLE = "not authenticated", "not understood"
REASONS = {
    401: UNKNOWN,
    404: "no such hook",
    408: "too slow",
    413: "too large",
    415: "not JSON",
    422: UNREADABLE,
}
"""By the status of the answer; each is a value of the metric's label."""


def is_replayable(sender: str) -> bool:
    """True when what was refused can be taken after all, without its sender."""
    return sender in ("alerts", "alertmanager") or sender.startswith(f"{NO_HOOK}/")


class Noted(Protocol):
    """Who is asked to note what became of a message. Neither waits, neither raises."""

    def heard(self, sender: str) -> None:
        """A message was taken."""

    def refused(
        self, sender: str, reason: str, detail: str, body: bytes, *, is_whole: bool
    ) -> None:
        """A message was not."""


class RefusedWatch:
    """An ASGI application that lets each request through unchanged."""

    def __init__(self, routes: Application, noted: Noted, hooks: Collection[str]) -> None:
        """hooks: the names of those in the settings."""
        self._routes = routes
        self._noted = noted
        self._hooks = hooks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through, and note what became of it."""
        sender = self._sender_of(scope)
        if sender is None:
            await self._routes(scope, receive, send)
            return
        exchange = _Exchange(receive, send)
        await self._routes(scope, exchange.receive, exchange.send)
        if 200 <= exchange.status < 300:
            self._noted.heard(sender)
        elif reason := REASONS.get(exchange.status):
            # Whoever did not prove who they are must not fill our disk; and a scanner's report has
            # the keys that leaked in it, which nothing could be done with but read them.
            may_keep = reason == UNREADABLE and is_replayable(sender)
            kept = bytes(exchange.body) if may_keep else b""
            self._noted.refused(
                sender, reason, exchange.detail, kept, is_whole=bool(kept) and exchange.is_whole
            )

    def _sender_of(self, scope: Scope) -> str | None:
        if scope["type"] != "http" or scope["method"] != "POST":
            return None
        path = scope["path"]
        if path.startswith(HOOKS):
            name = path.removeprefix(HOOKS)
            return f"{NO_HOOK}/{name}" if name in self._hooks else NO_HOOK
        return ROUTES.get(path)


class _Exchange:
    """One request and its answer: the beginnings of both bodies, kept as they pass."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._said = bytearray()
        self.body = bytearray()
        self.is_whole = False
        self.status = 0

    async def receive(self) -> Message:
        """A part of the request."""
        message = await self._receive()
        if message["type"] == "http.request":
            room = LONGEST_BODY - len(self.body)
            part = message.get("body", b"")
            self.body += part[: max(room, 0)]
            self.is_whole = not message.get("more_body", False) and len(part) <= room
        return message

    async def send(self, message: Message) -> None:
        """A part of the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["type"] == "http.response.body" and self.status >= 400:
            room = 4 * LONGEST_DETAIL - len(self._said)
            self._said += message.get("body", b"")[: max(room, 0)]
        await self._send(message)

    @property
    def detail(self) -> str:
        """What the sender was answered."""
        text = self._said.decode("utf-8", "replace")
        try:
            said = json.loads(text)["detail"]
        except (ValueError, KeyError, TypeError):
            return text[:LONGEST_DETAIL]
        return (said if isinstance(said, str) else json.dumps(said))[:LONGEST_DETAIL]
