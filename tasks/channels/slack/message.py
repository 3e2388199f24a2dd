"""The message of an occurrence in Slack, posted once; later messages go into its thread."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from schemas.errors import PermanentError
from schemas.incident import (
    INCIDENT_TYPES,
    Incident,
    IncidentType,
    SlackChannel,
    TypeSource,
    route_for,
)
from schemas.settings import Settings
from tasks.channels.slack import client as slack
from tasks.store import open_store
from tasks.store.claim_keys import (
    SLACK_MESSAGE,
    SLACK_RESTRICTED_MESSAGE,
    of_occurrence,
    slack_update_key,
)


def ensure_message(
    incident: Incident,
    settings: Settings,
    *,
    holder: str,
    channel: SlackChannel | None = None,
) -> slack.SlackMessage:
    """The incident's message, posted now if it was not before.

    channel: used instead of the route's, if nothing was posted yet.
    Raises OutsideServiceError when Slack does not accept it, and releases the claim.
    """
    route = route_for(incident.severity, incident.type, settings.routes)
    place = channel or route.slack
    return _ensure(
        incident,
        settings,
        (of_occurrence(incident, SLACK_MESSAGE), holder),
        find=lambda: slack.find_incident(incident, settings, channel=place),
        post=lambda: slack.post_incident(
            incident, settings, channel=place, auto_response=auto_response(incident)
        ),
    )


def ensure_restricted_message(
    channel_id: str, incident: Incident, settings: Settings, *, holder: str
) -> slack.SlackMessage:
    """As `ensure_message`, with all details, in the restricted channel of a data breach."""
    return _ensure(
        incident,
        settings,
        (of_occurrence(incident, SLACK_RESTRICTED_MESSAGE), holder),
        find=lambda: slack.find_in(channel_id, incident, settings),
        post=lambda: slack.post_in_private(
            channel_id, incident, settings, auto_response=auto_response(incident)
        ),
    )


def _ensure(
    incident: Incident,
    settings: Settings,
    claim: tuple[str, str],
    *,
    find: Callable[[], slack.SlackMessage | None],
    post: Callable[[], slack.SlackMessage],
) -> slack.SlackMessage:
    with open_store(settings).once(incident.incident_id, *claim, wait=True) as turn:
        if turn.is_mine:
            # An earlier attempt that never reported back may have posted: search first.
            message = find() if turn.attempts > 1 else None
            turn.finish((message or post())._asdict())
    return slack.SlackMessage(**turn.result)


def auto_response(incident: Incident) -> str:
    """The spec's "Auto-Response" for the incident's type; for a guess, what it waits for."""
    known = incident.type in set(IncidentType)
    facts = INCIDENT_TYPES[IncidentType(incident.type) if known else IncidentType.UNKNOWN]
    if incident.waits_for_word:
        return (
            f"none yet: {incident.public_kind}. It waits for `aeef confirm {incident.short_id}`,"
            f" and then: {facts.auto_response}"
        )
    if incident.type_source is TypeSource.GUESS:
        return f"{facts.auto_response}; {incident.public_kind}"
    return facts.auto_response


def reply_in_thread(incident_id: str, text: str, settings: Settings, *, holder: str) -> bool:
    """Reply once in the incident's thread; False without a thread, or while another replies.

    For a restricted incident the text goes to its restricted channel; the public thread gets
    only a note that there is something new.
    Raises OutsideServiceError when Slack does not accept it.
    """
    store = open_store(settings)
    if not slack.configured(settings):
        return False
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    incident = store.incident(incident_id)
    if incident.is_restricted:
        if restricted := store.claim_result(
            incident_id, of_occurrence(incident, SLACK_RESTRICTED_MESSAGE)
        ):
            key = slack_update_key(digest, restricted=True)
            _reply_once(incident, restricted, text, key, settings, holder)
        text = f"Incident {incident.status}: its record says more."
    posted = store.claim_result(incident_id, of_occurrence(incident, SLACK_MESSAGE))
    if posted is None:
        return False
    return _reply_once(incident, posted, text, slack_update_key(digest), settings, holder)


def _reply_once(
    incident: Incident,
    posted: dict[str, Any],
    text: str,
    key: str,
    settings: Settings,
    holder: str,
) -> bool:
    store = open_store(settings)
    key = of_occurrence(incident, key)
    with store.once(incident.incident_id, key, holder, may_be_done=_may_be_posted) as turn:
        if turn.is_mine:
            slack.reply(slack.SlackMessage(**posted), text, settings)
            turn.finish()
    return turn.state != "busy"


def _may_be_posted(error: BaseException) -> bool:
    return not isinstance(error, PermanentError)
