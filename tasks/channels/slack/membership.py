"""Whether the bot may post in the channels of the settings, seen without posting.

https://docs.slack.dev/reference/methods/conversations.list: `is_member` is about the bot.
"""

from __future__ import annotations

import re

from pydantic import BaseModel

from schemas.errors import PermanentError
from schemas.settings import Settings
from tasks.channels.slack.api import REMEDIES, SERVICE, MissingScope, Page, pages

_CHANNEL_ID = re.compile(r"[CG][A-Z0-9]{8,}")


class _Channel(BaseModel):
    id: str
    name: str = ""
    is_member: bool | None = None
    is_archived: bool = False


class _Channels(Page):
    channels: list[_Channel]


def membership(settings: Settings, *, tries: int = 1) -> str:
    """What was seen of the channels, in words, and what could not be.

    Raises PermanentError that names a channel in which nothing could be posted, TemporaryError.
    """
    wanted = dict.fromkeys(settings.slack.channels.values())
    try:
        found = _find(set(wanted), settings, "public_channel", tries)
        if missing := set(wanted) - found.keys():
            found |= _find(missing, settings, "private_channel", tries)
    except MissingScope as error:
        return f"its channels were not looked at: {error}"
    for name in wanted:
        if name not in found:
            _refuse(name, "channel_not_found")
        elif found[name].is_archived:
            _refuse(name, "is_archived")
        elif found[name].is_member is False:
            _refuse(name, "not_in_channel")
    return f"in {', '.join(wanted)}"


def _refuse(name: str, error: str) -> None:
    raise PermanentError(SERVICE.name, f"could not post in {name}: {error}: {REMEDIES[error]}")


def _find(wanted: set[str], settings: Settings, types: str, tries: int) -> dict[str, _Channel]:
    found: dict[str, _Channel] = {}
    for page in pages(
        "conversations.list",
        settings,
        _Channels,
        doing="look for the channels",
        query={"types": types},
        tries=tries,
    ):
        for channel in page.channels:
            for name in wanted:
                is_id = _CHANNEL_ID.fullmatch(name) is not None
                if (channel.id if is_id else channel.name) == name.removeprefix("#"):
                    found[name] = channel
        if found.keys() == wanted:
            break
    return found
