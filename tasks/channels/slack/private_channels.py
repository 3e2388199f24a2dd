"""Slack's private channels: creates one, finds it again, and invites people to it.

https://docs.slack.dev/reference/methods/conversations.create and conversations.invite. The bot
needs `groups:write`, and `groups:read` and `groups:history` to find a channel after a crash.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from schemas.errors import OutsideServiceError, PermanentError
from schemas.settings import Settings
from tasks.channels.slack.api import Page, call, pages

NAME_LIMIT = 80
"""https://docs.slack.dev/reference/methods/conversations.create#naming"""
THERE_ALREADY = ("already_in_channel", "cant_invite_self")


class _Channel(BaseModel):
    id: str
    name: str = ""
    creator: str = ""
    is_private: bool = False


class _Created(BaseModel):
    channel: _Channel


class _Channels(Page):
    channels: list[_Channel]


class _Me(BaseModel):
    user_id: str


class _Invited(BaseModel):
    ok: bool


def ensure_private_channel(name: str, settings: Settings, *, tries: int = 3) -> str:
    """The id of the private channel with this name, created if needed.

    Raises TemporaryError or PermanentError, also when the channel with this name is not ours.
    """
    try:
        created = call(
            "conversations.create",
            settings,
            _Created,
            doing=f"create the private channel {name}",
            body={"name": name, "is_private": True},
            tries=tries,
        )
    except OutsideServiceError as error:
        if "name_taken" not in str(error):
            raise
        return _our_own(name, settings, tries)
    return created.channel.id


def invite(channel: str, users: Sequence[str], settings: Settings, *, tries: int = 3) -> list[str]:
    """Invite each user, who may already be a member; return Slack's error for each that failed.

    One by one, because one wrong user in a list would keep out all.
    Raises TemporaryError when nobody can be invited now.
    """
    problems = []
    for user in users:
        try:
            call(
                "conversations.invite",
                settings,
                _Invited,
                doing=f"invite {user}",
                body={"channel": channel, "users": user},
                tries=tries,
            )
        except PermanentError as error:
            if not any(reason in str(error) for reason in THERE_ALREADY):
                problems.append(str(error))
    return problems


def _our_own(name: str, settings: Settings, tries: int) -> str:
    """The private channel of this name that this bot created."""
    me = call("auth.test", settings, _Me, doing="sign in", body={}, tries=tries).user_id
    for page in pages(
        "conversations.list",
        settings,
        _Channels,
        doing=f"look for {name}",
        query={"types": "private_channel"},
        tries=tries,
    ):
        for channel in page.channels:
            if channel.name == name and channel.creator == me and channel.is_private:
                return channel.id
    raise PermanentError(
        "Slack",
        f"could not create the private channel {name}: the name is taken by a channel that this"
        " bot did not create; open one yourself and invite those who work on the breach",
    )
