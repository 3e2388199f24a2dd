"""Client of Slack's Web API: posts an incident to its channel, and replies in its thread.

https://docs.slack.dev/reference/methods/chat.postMessage. Slack has no idempotency key: a post
that may have succeeded is never repeated here; `search.find_incident` finds it by its metadata.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from pydantic import BaseModel

from schemas.incident import Incident, SlackChannel
from schemas.settings import Settings
from tasks.channels.slack.api import call
from tasks.channels.slack.blocks import blocks_of, reply_text, text_of
from tasks.channels.slack.interactive.buttons import with_buttons

EVENT_TYPE = "aeef_incident"
"""https://docs.slack.dev/messaging/message-metadata"""

QUIET = ("link_names", "mrkdwn", "unfurl_links", "unfurl_media")


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
        "text": text_of(incident, settings),
        "blocks": with_buttons(blocks, incident, settings),
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
        "text": text_of(incident, settings),
        "blocks": with_buttons(
            blocks_of(incident, settings, auto_response, in_private=in_private), incident, settings
        ),
        "parse": "none",
    }
    call("chat.update", settings, _Posted, doing="change the message", body=body, tries=tries)


def reply(
    message: SlackMessage,
    text: str,
    settings: Settings,
    *,
    mentions: str | None = None,
    tries: int = 3,
) -> SlackMessage:
    """Reply in the message's thread. Raises TemporaryError or PermanentError.

    mentions: id of a user to mention; that of a channel mentions nobody.
    """
    mention = f"<@{mentions}> " if mentions and mentions[0] in "UW" else ""
    answer = {
        "channel": message.channel,
        "thread_ts": message.ts,
        "text": mention + reply_text(text),
    }
    return _post(answer, settings, "reply in the incident's thread", tries)


def write_to(user: str, text: str, settings: Settings, *, tries: int = 3) -> SlackMessage:
    """Write to a person, or to a team's channel, by id. Raises as `reply`."""
    message = {"channel": user, "text": reply_text(text)}
    return _post(message, settings, f"write to {user}", tries)


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
