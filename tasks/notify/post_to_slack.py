"""Posts the incident to its Slack channel once, and everything later into that thread."""

from __future__ import annotations

import hashlib
import time
from datetime import timedelta
from typing import Any

from schemas.errors import PermanentError
from schemas.incident import INCIDENT_TYPES, Incident, IncidentType, SlackChannel, route_for
from schemas.settings import Settings
from tasks.case import Case
from tasks.channels.slack import client as slack
from tasks.step import step
from tasks.store import open_store

LEASE = timedelta(minutes=1)
POLL_SECONDS = 0.2
CLAIM = "slack"
UPDATE_CLAIM = "slack-update"
RESTRICTED_CLAIM = "slack-restricted"
"""The message in the restricted channel."""


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
    while (claim := store.claim(incident.incident_id, CLAIM, holder, LEASE)).state == "busy":
        time.sleep(POLL_SECONDS)
    if claim.state == "done" and claim.result is not None:
        return slack.SlackMessage(**claim.result)
    try:
        # An earlier attempt that never reported back may have posted: look first.
        message = claim.attempts > 1 and slack.find_incident(incident, settings, channel=channel)
        message = message or slack.post_incident(
            incident, settings, channel=channel, auto_response=auto_response(incident)
        )
    except BaseException:
        store.release_claim(incident.incident_id, CLAIM, holder)
        raise
    store.finish_claim(incident.incident_id, CLAIM, holder, message._asdict())
    return message


def auto_response(incident: Incident) -> str:
    """The spec's "Auto-Response" of the incident's type."""
    known = incident.type in set(IncidentType)
    return INCIDENT_TYPES[
        IncidentType(incident.type) if known else IncidentType.UNKNOWN
    ].auto_response


@step("post to Slack", says=lambda text: text, timeout=300)
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
        if restricted := store.claim_result(incident_id, RESTRICTED_CLAIM):
            key = f"{UPDATE_CLAIM}:restricted:{digest}"
            _reply_once(incident, restricted, text, key, settings, holder)
        text = f"Incident {incident.status}: its record says more."
    posted = store.claim_result(incident_id, CLAIM)
    if posted is None:
        return False
    return _reply_once(incident, posted, text, f"{UPDATE_CLAIM}:{digest}", settings, holder)


def _reply_once(
    incident: Incident,
    posted: dict[str, Any],
    text: str,
    key: str,
    settings: Settings,
    holder: str,
) -> bool:
    store = open_store(settings)
    claim = store.claim(incident.incident_id, key, holder, LEASE)
    if claim.state != "held":
        return claim.state == "done"
    try:
        slack.reply(slack.SlackMessage(**posted), text, settings)
    except PermanentError:
        store.release_claim(incident.incident_id, key, holder)
        raise
    store.finish_claim(incident.incident_id, key, holder, {})
    return True
