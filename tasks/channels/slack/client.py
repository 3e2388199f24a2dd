"""Client of Slack's Web API: posts an incident to its channel, and replies in its thread.

https://docs.slack.dev/reference/methods/chat.postMessage. Slack has no idempotency key: a post
that may have succeeded is never repeated here; `find_incident` finds it by its metadata.
"""

from __future__ import annotations

import logging
import re
from functools import cache
from typing import Any, NamedTuple

from pydantic import BaseModel, Field

from schemas.incident import Incident, SlackChannel
from schemas.settings import Settings
from tasks.channels.slack.api import MissingScope, Page, call, pages
from tasks.channels.slack.blocks import blocks_of, reply_text, text_of

EVENT_TYPE = "aeef_incident"
"""https://docs.slack.dev/messaging/message-metadata"""

QUIET = ("link_names", "mrkdwn", "unfurl_links", "unfurl_media")

_CHANNEL_ID = re.compile(r"[CDG][A-Z0-9]{7,}")
_log = logging.getLogger(__name__)


class SlackMessage(NamedTuple):
    """The location of a message: the channel's id and the message's `ts`."""

    channel: str
    ts: str


class _Posted(BaseModel):
    channel: str
    ts: str


class _Me(BaseModel):
    team: str
    user: str


class _Metadata(BaseModel):
    event_type: str = ""
    event_payload: dict[str, Any] = Field(default_factory=dict)


class _Message(BaseModel):
    ts: str
    metadata: _Metadata | None = None


class _History(Page):
    messages: list[_Message]


class _Channel(BaseModel):
    id: str
    name: str = ""


class _Channels(Page):
    channels: list[_Channel]


def configured(settings: Settings) -> bool:
    """True when there is a bot token."""
    return settings.slack.token is not None


def post_incident(
    incident: Incident,
    settings: Settings,
    *,
    channel: SlackChannel,
    auto_response: str,
    tries: int = 3,
) -> SlackMessage:
    """Post the incident in the spec's template. After an Unclear error, `find_incident` first.

    auto_response: what was done so far, in words.
    Raises TemporaryError or PermanentError.
    """
    name = settings.slack.channels[channel]
    blocks = blocks_of(incident, settings, auto_response)
    return _post_incident(name, incident, blocks, settings, f"post to {name}", tries)


def post_in_private(
    channel_id: str, incident: Incident, settings: Settings, *, auto_response: str, tries: int = 3
) -> SlackMessage:
    """Post everything to a private channel. After an Unclear error, `find_in` first."""
    blocks = blocks_of(incident, settings, auto_response, in_private=True)
    doing = "post to the restricted channel"
    return _post_incident(channel_id, incident, blocks, settings, doing, tries)


def _post_incident(
    where: str,
    incident: Incident,
    blocks: list[dict[str, Any]],
    settings: Settings,
    doing: str,
    tries: int,
) -> SlackMessage:
    found_by: dict[str, Any] = {"incident_id": str(incident.incident_id)}
    if incident.occurrence > 1:
        found_by["occurrence"] = incident.occurrence
    message = {
        "channel": where,
        "text": text_of(incident),
        "blocks": blocks,
        "metadata": {"event_type": EVENT_TYPE, "event_payload": found_by},
    }
    return _post(message, settings, doing, tries)


def update_incident(
    message: SlackMessage,
    incident: Incident,
    settings: Settings,
    *,
    auto_response: str,
    in_private: bool = False,
    tries: int = 3,
) -> None:
    """Change the incident's message (chat.update, by the channel's id). Safe to repeat.

    Raises TemporaryError, or PermanentError: deleted, too old to be changed, not ours.
    """
    body = {
        "channel": message.channel,
        "ts": message.ts,
        "text": text_of(incident),
        "blocks": blocks_of(incident, settings, auto_response, in_private=in_private),
        "parse": "none",
    }
    call("chat.update", settings, _Posted, doing="change the message", body=body, tries=tries)


def reply(message: SlackMessage, text: str, settings: Settings, *, tries: int = 3) -> SlackMessage:
    """Reply in the message's thread. Raises TemporaryError or PermanentError."""
    answer = {
        "channel": message.channel,
        "thread_ts": message.ts,
        "text": reply_text(text),
    }
    return _post(answer, settings, "reply in the incident's thread", tries)


def write_to(user: str, text: str, settings: Settings, *, tries: int = 3) -> SlackMessage:
    """Write to a person, or to a team's channel, by id. Raises as `reply`."""
    message = {"channel": user, "text": reply_text(text)}
    return _post(message, settings, "write to the owner", tries)


def find_incident(
    incident: Incident, settings: Settings, channel: SlackChannel, *, tries: int = 3
) -> SlackMessage | None:
    """The incident's message, if it was already posted to this channel; as `find_in`."""
    return find_in(settings.slack.channels[channel], incident, settings, tries=tries)


def find_in(
    channel: str, incident: Incident, settings: Settings, *, tries: int = 3
) -> SlackMessage | None:
    """The incident's message in a channel, given by its id or as `#name`.

    Also None, with one warning in the log, when the bot lacks the scopes to search
    (`channels:read` and `channels:history`, for private channels `groups:…`).
    Raises TemporaryError or PermanentError.
    """
    try:
        channel_id = _channel_id(channel, settings, tries)
        return _find(incident, channel_id, settings, tries) if channel_id else None
    except MissingScope as error:
        warn_once(f"{error}; a post that was cut off may appear twice")
        return None


@cache
def warn_once(text: str) -> None:
    """Log a warning once per process."""
    _log.warning("%s", text)


def check(settings: Settings, *, tries: int = 1) -> str:
    """Query the bot's name; one line for `aeef doctor`. Raises TemporaryError or PermanentError."""
    me = call("auth.test", settings, _Me, doing="sign in", body={}, tries=tries)
    return f"Slack bot {me.user} in {me.team}"


def _post(message: dict[str, Any], settings: Settings, doing: str, tries: int) -> SlackMessage:
    # mrkdwn: the text of a reply has no format; blocks say for themselves what they are.
    quiet = {"parse": "none", **dict.fromkeys(QUIET, False)}
    posted = call(
        "chat.postMessage",
        settings,
        _Posted,
        doing=doing,
        body={**quiet, **message},
        tries=tries,
        repeatable=False,
    )
    return SlackMessage(posted.channel, posted.ts)


def _channel_id(name: str, settings: Settings, tries: int) -> str | None:
    """The channel's id: a message can be posted to `#name`, but history is read only by id."""
    if _CHANNEL_ID.fullmatch(name):
        return name
    query = {"exclude_archived": "true", "types": "public_channel,private_channel"}
    for page in pages(
        "conversations.list",
        settings,
        _Channels,
        doing=f"look for {name}",
        query=query,
        tries=tries,
    ):
        for channel in page.channels:
            if channel.name == name.removeprefix("#"):
                return channel.id
    return None


def _find(
    incident: Incident, channel_id: str, settings: Settings, tries: int
) -> SlackMessage | None:
    query = {"channel": channel_id, "include_all_metadata": "true"}
    for page in pages(
        "conversations.history",
        settings,
        _History,
        doing="look for the incident's message",
        query=query,
        tries=tries,
    ):
        for message in page.messages:
            found = message.metadata
            if (
                found is not None
                and found.event_type == EVENT_TYPE
                and found.event_payload.get("incident_id") == str(incident.incident_id)
                and found.event_payload.get("occurrence", 1) == incident.occurrence
            ):
                return SlackMessage(channel_id, message.ts)
    return None
