"""Posts the incident to its Slack channel once, and everything later into that thread."""

from __future__ import annotations

import hashlib
from typing import Any

from schemas.errors import PermanentError
from schemas.incident import INCIDENT_TYPES, Incident, IncidentType, SlackChannel, route_for
from schemas.settings import Settings
from tasks.case import Case
from tasks.channels.slack import client as slack
from tasks.step import step, verbatim
from tasks.store import open_store
from tasks.store.claim_keys import (
    SLACK_MESSAGE,
    SLACK_RESTRICTED_MESSAGE,
    slack_update_key,
)


def ensure_slack_message(
    incident: Incident,
    settings: Settings,
    *,
    holder: str,
    channel: SlackChannel | None = None,
) -> slack.SlackMessage:
    """The incident's message; posted now if it was not.

    channel: instead of the route's own, when nothing was posted yet.
    Raises OutsideServiceError when Slack does not take it; the claim is free again then.
    """
    store = open_store(settings)
    route = route_for(incident.severity, incident.type, settings.routes)
    channel = channel or route.slack
    with store.once(incident.incident_id, SLACK_MESSAGE, holder, wait=True) as turn:
        if turn.is_mine:
            # An earlier attempt that never reported back may have posted: look first.
            again = turn.attempts > 1
            message = again and slack.find_incident(incident, settings, channel=channel)
            message = message or slack.post_incident(
                incident, settings, channel=channel, auto_response=auto_response(incident)
            )
            turn.finish(message._asdict())
    return slack.SlackMessage(**turn.result)


def auto_response(incident: Incident) -> str:
    """The spec's "Auto-Response" of the incident's type."""
    known = incident.type in set(IncidentType)
    return INCIDENT_TYPES[
        IncidentType(incident.type) if known else IncidentType.UNKNOWN
    ].auto_response


@step("post to Slack", says=verbatim, timeout=300)
def post_to_slack(case: Case) -> str:
    """Post the incident to the channel of its severity, and say so in the record."""
    settings = case.settings
    if not slack.configured(settings):
        return "nothing was posted: Slack is not configured"
    incident = case.incident
    message = ensure_slack_message(incident, settings, holder=case.holder)
    route = route_for(incident.severity, incident.type, settings.routes)
    return f"posted to Slack {settings.slack.channels[route.slack]} ({message.ts})"


@step("update the Slack thread", says=lambda _done: None, timeout=120)
def update_slack_thread(case: Case, text: str) -> bool:
    """Say something new in the incident's thread; False when there is no thread."""
    return tell_thread(case.incident_id, text, case.settings, holder=case.holder)


def tell_thread(incident_id: str, text: str, settings: Settings, *, holder: str) -> bool:
    """Reply once in the incident's thread; False when there is none, or another is doing it.

    Of a restricted incident the text goes to its restricted channel; the thread that anyone may
    read hears only that there is something new.
    Raises OutsideServiceError when Slack does not take it.
    """
    store = open_store(settings)
    if not slack.configured(settings):
        return False
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    incident = store.incident(incident_id)
    if incident.is_restricted:
        if restricted := store.claim_result(incident_id, SLACK_RESTRICTED_MESSAGE):
            key = slack_update_key(digest, restricted=True)
            _reply_once(incident, restricted, text, key, settings, holder)
        text = f"Incident {incident.status}: its record says more."
    posted = store.claim_result(incident_id, SLACK_MESSAGE)
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
    with store.once(incident.incident_id, key, holder, may_be_done=_may_be_posted) as turn:
        if turn.is_mine:
            slack.reply(slack.SlackMessage(**posted), text, settings)
            turn.finish()
    return turn.state != "busy"


def _may_be_posted(error: BaseException) -> bool:
    return not isinstance(error, PermanentError)
