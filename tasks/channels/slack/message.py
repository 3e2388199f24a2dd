"""The message of an occurrence in Slack, once in each channel; news go into its thread."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, NamedTuple

from schemas.errors import PermanentError
from schemas.incident import Incident, SlackChannel, route_for
from schemas.settings import Settings
from tasks.channels.slack import client as slack
from tasks.channels.slack import search
from tasks.channels.slack.threads import is_replied
from tasks.store import open_store
from tasks.store.claim_keys import (
    SLACK_MESSAGE,
    SLACK_RESTRICTED_MESSAGE,
    of_occurrence,
    slack_message_key,
    slack_update_key,
)
from tasks.store.progress import action_taken


class Posted(NamedTuple):
    """A message that Slack has. name: of the channel that it was posted to, as it was asked for.

    is_new: this call posted it.
    """

    message: slack.SlackMessage
    name: str
    is_new: bool

    def __str__(self) -> str:
        """For the record: the name that was asked for, and what Slack answered."""
        channel, ts = self.message
        return f"{self.name} ({channel}, {ts})" if self.name != channel else f"{channel} ({ts})"


def ensure_message(
    incident: Incident,
    settings: Settings,
    *,
    holder: str,
    channel: SlackChannel | None = None,
) -> Posted:
    """The incident's message in a channel, posted now if it was not before.

    channel: by default the route's, where an incident whose severity rose gets a new message.
    Raises OutsideServiceError when Slack does not accept it, and releases the claim.
    """
    route = route_for(incident.severity, incident.type, settings.routes)
    place = channel or route.slack

    def ensure(key: str) -> tuple[dict[str, Any], bool]:
        return _ensure(
            incident,
            settings,
            (of_occurrence(incident, key), holder),
            about={"name": settings.slack.channels[place], "place": place.value},
            find=lambda: search.find_incident(incident, settings, channel=place),
            post=lambda: slack.post_incident(
                incident,
                settings,
                channel=place,
                auto_response=action_taken(incident, settings, in_private=False),
            ),
        )

    result, is_new = ensure(SLACK_MESSAGE)
    if result.get("place", place.value) != place.value:
        result, is_new = ensure(slack_message_key(place))
    return _posted(result, is_new=is_new)


def ensure_restricted_message(
    channel_id: str, incident: Incident, settings: Settings, *, holder: str
) -> Posted:
    """As `ensure_message`, with all details, in the restricted channel of a data breach."""
    result, is_new = _ensure(
        incident,
        settings,
        (of_occurrence(incident, SLACK_RESTRICTED_MESSAGE), holder),
        about={"name": channel_id},
        find=lambda: search.find_in(channel_id, incident, settings),
        post=lambda: slack.post_in_private(
            channel_id,
            incident,
            settings,
            auto_response=action_taken(incident, settings, in_private=True),
        ),
    )
    return _posted(result, is_new=is_new)


def _ensure(
    incident: Incident,
    settings: Settings,
    claim: tuple[str, str],
    *,
    about: dict[str, str],
    find: Callable[[], slack.SlackMessage | None],
    post: Callable[[], slack.SlackMessage],
) -> tuple[dict[str, Any], bool]:
    """The result of the claim, and whether this call posted the message."""
    is_new = False
    with open_store(settings).once(incident.incident_id, *claim, wait=True) as turn:
        if turn.is_mine:
            # An earlier attempt that never reported back may have posted: search first.
            message = find() if turn.attempts > 1 else None
            is_new = message is None
            turn.finish({**(message or post())._asdict(), **about})
    return turn.result, is_new


def _posted(result: dict[str, Any], *, is_new: bool = False) -> Posted:
    message = slack.SlackMessage(result["channel"], result["ts"])
    return Posted(message, str(result.get("name", message.channel)), is_new)


def messages_of(incident: Incident, settings: Settings) -> list[Posted]:
    """The occurrence's messages that everybody may read, the most urgent channel's last."""
    claims = open_store(settings).claims(incident.incident_id)
    keys = [
        of_occurrence(incident, key)
        for key in (SLACK_MESSAGE, *(slack_message_key(each) for each in reversed(SlackChannel)))
    ]
    found = [claim.result for key in keys if (claim := claims.get(key)) and claim.result]
    return [_posted(result) for result in sorted(found, key=_priority)]


def restricted_message_of(incident: Incident, settings: Settings) -> Posted | None:
    """The occurrence's message in the restricted channel; None when there is none."""
    key = of_occurrence(incident, SLACK_RESTRICTED_MESSAGE)
    result = open_store(settings).claim_result(incident.incident_id, key)
    return _posted(result) if result else None


def _priority(result: dict[str, Any]) -> int:
    order = [each.value for each in reversed(SlackChannel)]
    place = result.get("place")
    return order.index(place) if place in order else -1


def reply_in_thread(incident_id: str, text: str, settings: Settings, *, holder: str) -> bool:
    """Reply once in the incident's thread; False without a thread, or while another replies.

    Of several messages in the most urgent channel. For a restricted incident the text goes to its
    restricted channel; the public thread gets only a note that there is something new.
    Raises OutsideServiceError when Slack does not accept it.
    """
    store = open_store(settings)
    if not slack.configured(settings):
        return False
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    incident = store.incident(incident_id)
    if incident.is_restricted:
        if restricted := restricted_message_of(incident, settings):
            key = slack_update_key(digest, restricted=True)
            reply_once(incident, restricted, text, key, settings, holder)
        text = f"Incident {incident.status}: its record says more."
    posted = messages_of(incident, settings)
    if not posted:
        return False
    return reply_once(incident, posted[-1], text, slack_update_key(digest), settings, holder)


def reply_once(
    incident: Incident,
    posted: Posted,
    text: str,
    key: str,
    settings: Settings,
    holder: str,
    mentions: str | None = None,
) -> bool:
    """Reply in the thread of this message, once for this key; False while another replies.

    mentions: the id of a person or group to mention.

    Raises OutsideServiceError when Slack does not accept it.
    """
    store = open_store(settings)
    key = of_occurrence(incident, key)
    with store.once(incident.incident_id, key, holder, may_be_done=_may_be_posted) as turn:
        if turn.is_mine:
            # An earlier attempt that never reported back may have replied: look first.
            if turn.attempts == 1 or not is_replied(posted.message, text, settings):
                slack.reply(posted.message, text, settings, mentions=mentions)
            turn.finish()
    return turn.state != "busy"


def _may_be_posted(error: BaseException) -> bool:
    return not isinstance(error, PermanentError)
