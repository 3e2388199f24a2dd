"""Stand-in for Slack's Web API."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from jsonschema import Draft4Validator
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from standins.server import Received, Reply
from standins.standin import StandIn, contract

TOKEN = "xoxb-0123456789-abcdefghijkl"
BOT = "U00000000"
ALL_SCOPES = frozenset(
    {"chat:write", "channels:read", "channels:history",
     "groups:write", "groups:read", "groups:history"}
)  # fmt: skip
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
    before: list[list[dict[str, Any]]] = field(default_factory=list)
    """The blocks that it had earlier, the first first."""


@dataclass
class PrivateChannel:
    """A private channel: only its members see it."""

    id: str
    name: str
    creator: str
    members: set[str]


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
        self.private: list[PrivateChannel] = []
        self.users = {"U0000ADA", "U000GRACE", BOT}
        self.messages: list[SlackPost] = []
        self.page_size = 200
        self.edit_window_closed = False
        self.told: list[dict[str, Any]] = []
        """What somebody alone was told: the answers to buttons and commands."""
        self.views: list[dict[str, Any]] = []
        """The forms that were opened."""

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
            "/api/chat.update": self._update,
            "/api/conversations.list": self._list,
            "/api/conversations.history": self._history,
            "/api/conversations.replies": self._replies,
            "/api/conversations.create": self._create,
            "/api/conversations.invite": self._invite,
            "/api/views.open": self._open_view,
        }
        if request.path.startswith("/answers/"):
            return self._answer(request)
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
                "user_id": BOT,
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
        if channel not in {each.id for each in self.private if BOT in each.members}:
            name = next((n for n, i in self.channels.items() if channel in (n, i)), None)
            if name is None:
                return _refused("channel_not_found")
            if name in self.archived:
                return _refused("is_archived")
            if name not in self.members:
                return _refused("not_in_channel")
            channel = self.channels[name]
        post = SlackPost(
            channel=channel,
            ts=f"1790000000.{len(self.messages):06d}",
            text=message.get("text", ""),
            blocks=message.get("blocks", []),
            thread_ts=message.get("thread_ts"),
            metadata=message.get("metadata"),
        )
        self.messages.append(post)
        shown = {"type": "message", "text": post.text, "ts": post.ts}
        return Reply(200, {"ok": True, "channel": post.channel, "ts": post.ts, "message": shown})

    def _update(self, request: Received) -> Reply:
        if "chat:write" not in self.scopes:
            return _refused("missing_scope", needed="chat:write")
        message = request.json
        problems = _message_problems(message, "/chat.update")
        if problems:
            for problem in problems:
                self.violated(problem)
            return _refused("invalid_arguments")
        channel = message["channel"]
        ours = {each.id for each in self.private if BOT in each.members}
        if channel not in ours | set(self.channels.values()):
            self.violated(f"chat.update takes the id of a channel, not {channel}")
            return _refused("channel_not_found")
        found = (m for m in self.messages if (m.channel, m.ts) == (channel, message["ts"]))
        if (post := next(found, None)) is None:
            return _refused("message_not_found")
        if self.edit_window_closed:
            return _refused("edit_window_closed")
        post.before.append(post.blocks)
        post.text, post.blocks = message["text"], message.get("blocks", [])
        return Reply(200, {"ok": True, "channel": channel, "ts": post.ts, "text": post.text})

    def _answer(self, request: Received) -> Reply:
        """A response_url: good for five answers, and without a token."""
        if "authorization" in request.headers:
            self.violated("a response_url needs no token")
        allowed = {"response_type", "replace_original", "text", "mrkdwn", "parse", "link_names",
                   "unfurl_links"}  # fmt: skip
        if unknown := set(request.json) - allowed:
            self.violated(f"an answer has no {unknown}")
        self.told.append(request.json)
        return Reply(200, b"ok")

    def _open_view(self, request: Received) -> Reply:
        given = request.json
        if set(given) != {"trigger_id", "view"}:
            self.violated(f"views.open has no {set(given)}")
        if problems := view_problems(given["view"]):
            self.violations += problems
            return _refused("invalid_arguments")
        self.views.append(given["view"])
        return Reply(200, {"ok": True, "view": given["view"]})

    def _list(self, request: Received) -> Reply:
        if "channels:read" not in self.scopes:
            return _refused("missing_scope", needed="channels:read")
        types = request.query.get("types", "public_channel").split(",")
        channels: list[dict[str, Any]] = []
        if "public_channel" in types:
            channels += [
                {
                    "id": i,
                    "name": n,
                    "is_member": n in self.members,
                    "is_archived": n in self.archived,
                }
                for n, i in self.channels.items()
            ]
        if "private_channel" in types:
            if "groups:read" not in self.scopes:
                return _refused("missing_scope", needed="groups:read")
            channels += [_shown(each) for each in self.private if BOT in each.members]
        return self._page("channels", channels, request)

    def _history(self, request: Received) -> Reply:
        if "channels:history" not in self.scopes:
            return _refused("missing_scope", needed="channels:history")
        channel = request.query.get("channel")
        known = {each.id for each in self.private if BOT in each.members}
        if channel in known and "groups:history" not in self.scopes:
            return _refused("missing_scope", needed="groups:history")
        if channel not in known | set(self.channels.values()):
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

    def _replies(self, request: Received) -> Reply:
        if "channels:history" not in self.scopes:
            return _refused("missing_scope", needed="channels:history")
        place = (request.query.get("channel"), request.query.get("ts"))
        parent = [each for each in self.messages if (each.channel, each.ts) == place]
        if not parent:
            return _refused("thread_not_found")
        thread = [*parent, *self.in_thread(parent[0].ts)]
        messages = [{"type": "message", "text": m.text, "ts": m.ts} for m in thread]
        return self._page("messages", messages, request)

    def _create(self, request: Received) -> Reply:
        if "groups:write" not in self.scopes:
            return _refused("missing_scope", needed="groups:write")
        if problems := _problems("/conversations.create", request.json):
            self.violations += problems
            return _refused("invalid_arguments")
        name = request.json["name"]
        if not request.json.get("is_private"):
            self.violated("a channel about a breach was to be public")
        if len(name) > 80:
            return _refused("invalid_name_maxlength")
        if not re.fullmatch(r"[a-z0-9_-]+", name):
            return _refused("invalid_name_specials")
        if name in {*self.channels, *(each.name for each in self.private)}:
            return _refused("name_taken")
        channel = PrivateChannel(f"C1000000{len(self.private)}", name, BOT, {BOT})
        self.private.append(channel)
        return Reply(200, {"ok": True, "channel": _shown(channel)})

    def _invite(self, request: Received) -> Reply:
        if "groups:write" not in self.scopes:
            return _refused("missing_scope", needed="groups:write")
        if problems := _problems("/conversations.invite", request.json):
            self.violations += problems
            return _refused("invalid_arguments")
        wanted = request.json["channel"]
        channel = next((each for each in self.private if each.id == wanted), None)
        if channel is None or BOT not in channel.members:
            return _refused("not_in_channel" if channel else "channel_not_found")
        for user in request.json["users"].split(","):
            if user not in self.users or user in channel.members:
                mine = "cant_invite_self" if user == BOT else "already_in_channel"
                return _refused(mine if user in self.users else "user_not_found")
            channel.members.add(user)
        return Reply(200, {"ok": True, "channel": _shown(channel)})

    def _page(self, name: str, items: list[dict[str, Any]], request: Received) -> Reply:
        start = int(request.query.get("cursor") or 0)
        end = start + min(int(request.query.get("limit", "100")), self.page_size)
        cursor = str(end) if end < len(items) else ""
        body = {name: items[start:end], "response_metadata": {"next_cursor": cursor}}
        return Reply(200, {"ok": True, **body})


def _refused(error: str, **more: str) -> Reply:
    return Reply(200, {"ok": False, "error": error, **more})


def _shown(channel: PrivateChannel) -> dict[str, Any]:
    """The fields of a conversation object that matter here."""
    return {
        "id": channel.id,
        "name": channel.name,
        "creator": channel.creator,
        "is_private": True,
        "is_archived": False,
    }


def _problems(path: str, arguments: Any) -> list[str]:
    """What the description says against these arguments; it has them as form fields."""
    described = contract("slack-conversations.swagger.json")["paths"][path]["post"]["parameters"]
    fields = {
        each["name"]: {"type": each["type"]} for each in described if each["in"] == "formData"
    }
    schema = {"type": "object", "properties": fields, "additionalProperties": False,
              "required": ["name"] if "name" in fields else ["channel", "users"]}  # fmt: skip
    return [error.message for error in Draft4Validator(schema).iter_errors(arguments)]


@cache
def _arguments(method: str) -> Draft4Validator:
    """The arguments of a method by the description, which has them as form fields."""
    description = contract("slack-chat.swagger.json")
    parameters = description["paths"][method]["post"]["parameters"]
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


def _message_problems(message: Any, method: str = "/chat.postMessage") -> list[str]:
    problems = [error.message for error in _arguments(method).iter_errors(message)]
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
    if block["type"] == "actions":
        texts = [each["text"] for each in block["elements"]]
        if len({each["action_id"] for each in block["elements"]}) < len(texts):
            return ["an action_id stands twice in its block"]
    if block["type"] == "input":
        texts = [block["label"]]
    if block["type"] == "header" and block["text"]["type"] != "plain_text":
        return ["a header is plain_text"]
    return [
        f"{text} in {block['type']}"
        for text in texts
        if not 1 <= len(text["text"]) <= (150 if block["type"] == "header" else 3_000)
    ]


def view_problems(view: dict[str, Any]) -> list[str]:
    """What Slack's own SDK says about a form, and what it does not check."""
    try:
        View(**view).validate_json()
    except SlackObjectFormationError as error:
        return [str(error)]
    problems = [problem for block in view["blocks"] for problem in block_problems(block)]
    for name in {"title", "submit", "close"} & set(view):
        problems += [f"{name} is over 24"] if not 1 <= len(view[name]["text"]) <= 24 else []
    if len(view.get("private_metadata", "")) > 3_000:
        problems.append("private_metadata is over 3000")
    if any(block["type"] == "input" for block in view["blocks"]) and "submit" not in view:
        problems.append("a form with inputs needs submit")
    return problems
