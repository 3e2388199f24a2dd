"""Looks into a message's thread: whether a reply that was cut off is there."""

from __future__ import annotations

from pydantic import BaseModel

from schemas.settings import Settings
from tasks.channels.slack.api import MissingScope, Page, pages
from tasks.channels.slack.blocks import reply_text
from tasks.channels.slack.client import SlackMessage
from tasks.channels.slack.search import warn_once


class _Reply(BaseModel):
    text: str = ""


class _Replies(Page):
    messages: list[_Reply]


def is_replied(message: SlackMessage, text: str, settings: Settings, *, tries: int = 3) -> bool:
    """True when the message's thread has this reply.

    https://docs.slack.dev/reference/methods/conversations.replies. Also False, with one warning in
    the log, when the bot lacks the scope to look (`channels:history`, for private ones `groups:…`).
    Raises TemporaryError or PermanentError.
    """
    wanted = reply_text(text)
    query = {"channel": message.channel, "ts": message.ts}
    doing = "look for our reply"
    try:
        found = pages(
            "conversations.replies", settings, _Replies, doing=doing, query=query, tries=tries
        )
        return any(each.text == wanted for page in found for each in page.messages)
    except MissingScope as error:
        warn_once(f"{error}; a reply that was cut off may appear twice")
        return False
