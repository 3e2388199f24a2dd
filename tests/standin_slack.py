"""Stand-in for Slack's Web API."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from jsonschema import Draft4Validator
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block

from standin_server import Received, Reply
from standins import StandIn, contract

TOKEN = "xoxb-0123456789-abcdefghijkl"
ALL_SCOPES = frozenset({"chat:write", "channels:read", "channels:history"})
NEWER_ARGUMENTS = frozenset({"metadata", "markdown_text", "reply_broadcast"})
"""In the documentation, but younger than the description."""


@dataclass
class SlackPost:
    """A message as Slack keeps it; `channel` is the id."""

    channel: str
    ts: str
    text: str
    blocks: list[dict[str, Any]] = field(default_factory=list)
    thread_ts: str | None = None
    metadata: dict[str, Any] | None = None


class Slack(StandIn):
    """Keeps messages. Change `channels`, `members`, `archived` or `scopes` to make it refuse."""

    section = "slack"
    base_path = "/api"

    def __init__(self) -> None:
        super().__init__()
        names = ("aeef-incidents", "aeef-warnings", "aeef-info")
        self.channels = {name: f"C0000000{number}" for number, name in enumerate(names)}
        self.members = set(self.channels)
        self.archived: set[str] = set()
        self.scopes = set(ALL_SCOPES)
        self.messages: list[SlackPost] = []
        self.page_size = 200

    def credentials(self) -> dict[str, str]:
        """The bot token it knows."""
        return {"token": TOKEN}

    def in_channel(self, name: str) -> list[SlackPost]:
        """The messages of a channel, without those in threads, oldest first."""
        channel = self.channels[name.removeprefix("#")]
        return [m for m in self.messages if m.channel == channel and m.thread_ts is None]

    def in_thread(self, ts: str) -> list[SlackPost]:
        """The replies to a message, oldest first."""
        return [message for message in self.messages if message.thread_ts == ts]

    def answer(self, request: Received) -> Reply:
        """Call the method that the path names."""
        methods = {
            "/api/auth.test": self._auth_test,
            "/api/chat.postMessage": self._post,
            "/api/conversations.list": self._list,
            "/api/conversations.history": self._history,
        }
        method = methods.get(request.path)
        if method is None:
            return _refused("unknown_method")
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return _refused("invalid_auth" if "authorization" in request.headers else "not_authed")
        return method(request)

    def _auth_test(self, _request: Received) -> Reply:
        return Reply(
            200,
            {
                "ok": True,
                "url": "https://example.slack.com/",
                "team": "Example",
                "team_id": "T00000000",
                "user": "aeef",
                "user_id": "U00000000",
            },
        )

    def _post(self, request: Received) -> Reply:
        if "chat:write" not in self.scopes:
            return _refused("missing_scope", needed="chat:write")
        if request.headers.get("content-type") != "application/json; charset=utf-8":
            self.violated("without this content type and charset Slack warns: missing_charset")
        message = request.json
        problems = _message_problems(message)
        if problems:
            for problem in problems:
                self.violated(problem)
            return _refused("invalid_arguments")
        channel = str(message["channel"]).removeprefix("#")
        name = next((n for n, i in self.channels.items() if channel in (n, i)), None)
        if name is None:
            return _refused("channel_not_found")
        if name in self.archived:
            return _refused("is_archived")
        if name not in self.members:
            return _refused("not_in_channel")
        post = SlackPost(
            channel=self.channels[name],
            ts=f"1790000000.{len(self.messages):06d}",
            text=message.get("text", ""),
            blocks=message.get("blocks", []),
            thread_ts=message.get("thread_ts"),
            metadata=message.get("metadata"),
        )
        self.messages.append(post)
        shown = {"type": "message", "text": post.text, "ts": post.ts}
        return Reply(200, {"ok": True, "channel": post.channel, "ts": post.ts, "message": shown})

    def _list(self, request: Received) -> Reply:
        if "channels:read" not in self.scopes:
            return _refused("missing_scope", needed="channels:read")
        channels = [{"id": i, "name": n} for n, i in self.channels.items()]
        return self._page("channels", channels, request)

    def _history(self, request: Received) -> Reply:
        if "channels:history" not in self.scopes:
            return _refused("missing_scope", needed="channels:history")
        channel = request.query.get("channel")
        if channel not in self.channels.values():
            return _refused("channel_not_found")
        with_metadata = request.query.get("include_all_metadata") == "true"
        messages = [
            {
                "type": "message",
                "text": post.text,
                "ts": post.ts,
                **({"metadata": post.metadata} if with_metadata and post.metadata else {}),
            }
            for post in reversed(self.messages)
            if post.channel == channel and post.thread_ts is None
        ]
        return self._page("messages", messages, request)

    def _page(self, name: str, items: list[dict[str, Any]], request: Received) -> Reply:
        start = int(request.query.get("cursor") or 0)
        end = start + min(int(request.query.get("limit", "100")), self.page_size)
        cursor = str(end) if end < len(items) else ""
        body = {name: items[start:end], "response_metadata": {"next_cursor": cursor}}
        return Reply(200, {"ok": True, **body})


def _refused(error: str, **more: str) -> Reply:
    return Reply(200, {"ok": False, "error": error, **more})


@cache
def _arguments() -> Draft4Validator:
    """The arguments of chat.postMessage by the description, which has them as form fields."""
    description = contract("slack-chat.swagger.json")
    parameters = description["paths"]["/chat.postMessage"]["post"]["parameters"]
    properties = {p["name"]: {"type": p["type"]} for p in parameters if p["in"] == "formData"}
    properties["blocks"] = description["definitions"]["blocks"]
    properties |= {name: {} for name in NEWER_ARGUMENTS}
    required = [p["name"] for p in parameters if p["in"] == "formData" and p.get("required")]
    return Draft4Validator(
        {
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        }
    )


def _message_problems(message: Any) -> list[str]:
    problems = [error.message for error in _arguments().iter_errors(message)]
    if problems:
        return problems
    if not str(message.get("text", "")).strip():
        problems.append("no_text: blocks need a text for notifications")
    if len(message.get("text", "")) > 4_000:
        problems.append("text is over 4000")
    metadata = message.get("metadata")
    if metadata is not None and set(metadata) != {"event_type", "event_payload"}:
        problems.append("invalid_metadata_format")
    if message.get("parse") == "full" or message.get("link_names"):
        problems.append("a text from outside could mention people")
    blocks = message.get("blocks", [])
    if len(blocks) > 50:
        problems.append("more than 50 blocks")
    if len(json.dumps(blocks)) > 13_000:
        problems.append("msg_blocks_too_long")
    for block in blocks:
        problems += block_problems(block)
    return problems


def block_problems(block: dict[str, Any]) -> list[str]:
    """What Slack's own SDK says about a block, and what it does not check."""
    parsed = Block.parse(block)
    if parsed is None:
        return [f"unknown block {block.get('type')}"]
    try:
        parsed.validate_json()
    except SlackObjectFormationError as error:
        return [str(error)]
    if parsed.to_dict() != block:
        return [f"Slack reads {parsed.to_dict()} instead of {block}"]
    texts = [block["text"]] if "text" in block else block.get("elements", [])
    if block["type"] == "header" and block["text"]["type"] != "plain_text":
        return ["a header is plain_text"]
    return [
        f"{text} in {block['type']}"
        for text in texts
        if not 1 <= len(text["text"]) <= (150 if block["type"] == "header" else 3_000)
    ]
