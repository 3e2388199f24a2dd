"""Finds a message that may have been posted before: Slack has no idempotency key."""

from __future__ import annotations

import logging
import re
from functools import cache
from typing import Any

from pydantic import BaseModel, Field

from schemas.incident import Incident, SlackChannel
from schemas.settings import Settings
from tasks.channels.slack.api import MissingScope, Page, pages
from tasks.channels.slack.client import EVENT_TYPE, SlackMessage

_CHANNEL_ID = re.compile(r"[CDG][A-Z0-9]{7,}")
_log = logging.getLogger(__name__)


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
