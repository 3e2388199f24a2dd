"""Opens a private Slack channel for those who work on a data breach."""

from __future__ import annotations

import time
from datetime import timedelta

from schemas.errors import PermanentError
from schemas.incident import Incident
from schemas.settings import Settings
from tasks.case import Case
from tasks.channels.slack import client as slack
from tasks.channels.slack.private_channels import ensure_private_channel, invite
from tasks.notify.post_to_slack import RESTRICTED_CLAIM as MESSAGE_CLAIM
from tasks.notify.post_to_slack import auto_response
from tasks.step import step
from tasks.store import Store

CHANNEL_CLAIM = "breach-channel"
LEASE = timedelta(minutes=1)
POLL_SECONDS = 0.2


def _told(text: str) -> str:
    return text


@step("open a restricted channel", says=_told, timeout=300)
def open_restricted_channel(case: Case) -> str:
    """Create the channel, invite the members, post what is known there. Each once.

    Raises OutsideServiceError when Slack does not do it; a member who could not be invited is
    named after the rest was done.
    """
    settings = case.settings
    if not slack.configured(settings):
        return "no restricted channel was opened: Slack is not configured"
    store = case.store
    incident = case.incident
    name, holder = channel_name(incident), case.holder
    opened = _once(store, incident, CHANNEL_CLAIM, holder)
    if opened is None:
        try:
            opened = {"channel": ensure_private_channel(name, settings)}
        except BaseException:
            store.release_claim(case.incident_id, CHANNEL_CLAIM, holder)
            raise
        store.finish_claim(case.incident_id, CHANNEL_CLAIM, holder, opened)
    channel = str(opened["channel"])
    members = settings.breach.members
    problems = invite(channel, members, settings)
    _post(store, incident, channel, settings, holder)
    if problems:
        raise PermanentError(
            "Slack", f"{name} is open, but not everyone could be invited: {'; '.join(problems)}"
        )
    invited = f"{len(members)} invited" if members else "nobody is named in [breach] members"
    return f"opened the restricted Slack channel {name}; {invited}"


def channel_name(incident: Incident) -> str:
    """Lower case, and as good as impossible to have been taken by chance."""
    return f"breach-{incident.incident_id.hex[:8]}"


def _post(store: Store, incident: Incident, channel: str, settings: Settings, holder: str) -> None:
    before = store.claims(incident.incident_id).get(MESSAGE_CLAIM)
    if _once(store, incident, MESSAGE_CLAIM, holder) is not None:
        return
    try:
        # An earlier attempt that never reported back may have posted: look first.
        message = slack.find_in(channel, incident, settings) if before else None
        message = message or slack.post_in_private(
            channel, incident, settings, auto_response=auto_response(incident)
        )
    except BaseException:
        store.release_claim(incident.incident_id, MESSAGE_CLAIM, holder)
        raise
    store.finish_claim(incident.incident_id, MESSAGE_CLAIM, holder, message._asdict())


def _once(store: Store, incident: Incident, key: str, holder: str) -> dict[str, object] | None:
    """None when we are to do it; else what came of it."""
    while (claim := store.claim(incident.incident_id, key, holder, LEASE)).state == "busy":
        time.sleep(POLL_SECONDS)
    return claim.result if claim.state == "done" else None
