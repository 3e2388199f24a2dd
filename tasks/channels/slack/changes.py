"""Changes the incident's messages in Slack, so that they say what was done so far.

Whoever changes them writes what the record holds *then*, and only one process does it at a time:
so no older state can replace a newer one, and a change that is repeated gives the same text.
"""

from __future__ import annotations

import time
from datetime import timedelta
from uuid import NAMESPACE_URL, uuid4, uuid5

from schemas.errors import OutsideServiceError, PermanentError, TemporaryError
from schemas.settings import Settings
from tasks.channels.slack import client as slack
from tasks.channels.slack.message import Posted, messages_of, reply_in_thread, restricted_message_of
from tasks.store import open_store
from tasks.store.claim_keys import SLACK_CHANGE
from tasks.store.progress import action_taken

LEASE = timedelta(minutes=1)
"""Then the sweep tries again; also the time in which Slack's limit of a minute is over."""
LONGEST_WAIT = 3.0
"""Seconds that a change waits for another."""
POLL_SECONDS = 0.1


def change_messages(incident_id: str, settings: Settings) -> None:
    """Let the incident's messages say what the record holds now. Safe to repeat.

    One that can no longer be changed (deleted, too old) gets the news in its thread, on record.
    Raises TemporaryError; then, or while another process is stuck, `overdue_changes` has it.
    """
    if not slack.configured(settings) or not _all(incident_id, settings):
        return
    store, holder = open_store(settings), f"change {uuid4()}"
    deadline = time.monotonic() + LONGEST_WAIT
    while store.claim(incident_id, SLACK_CHANGE, holder, LEASE).state != "held":
        if time.monotonic() > deadline:
            return
        time.sleep(POLL_SECONDS)
    try:
        for posted, in_private in _all(incident_id, settings):
            _change(incident_id, posted, settings, in_private=in_private)
    except TemporaryError:
        raise  # the claim stays taken: when its lease is over it is overdue
    except BaseException:
        store.release_claim(incident_id, SLACK_CHANGE, holder)
        raise
    store.release_claim(incident_id, SLACK_CHANGE, holder)


def overdue_changes(settings: Settings) -> list[str]:
    """The open incidents of which a change was tried and did not succeed."""
    if not slack.configured(settings):
        return []
    found = open_store(settings).unfinished_claims(SLACK_CHANGE)
    return [str(incident_id) for incident_id, _holder in found]


def _all(incident_id: str, settings: Settings) -> list[tuple[Posted, bool]]:
    """Every message, and whether only those who work on the incident can read it."""
    incident = open_store(settings).incident(incident_id)
    found = [(posted, False) for posted in messages_of(incident, settings)]
    restricted = restricted_message_of(incident, settings)
    return [*found, (restricted, True)] if restricted else found


def _change(incident_id: str, posted: Posted, settings: Settings, *, in_private: bool) -> None:
    incident = open_store(settings).incident(incident_id)
    said = action_taken(incident, settings, in_private=in_private)
    try:
        slack.update_incident(
            posted.message, incident, settings, auto_response=said, in_private=in_private
        )
    except PermanentError as error:
        _say_in_thread(incident_id, posted, said, error, settings)


def _say_in_thread(
    incident_id: str, posted: Posted, said: str, error: OutsideServiceError, settings: Settings
) -> None:
    """What the message cannot say any longer, once for each state."""
    text = f"{said} (the message above could not be changed and may say something older)"
    try:
        done = reply_in_thread(incident_id, text, settings, holder=f"change {uuid4()}")
        where = "its thread says what is new" if done else "nor does its thread say what is new"
    except PermanentError as also:
        where = f"nor does its thread say what is new: {also}"
    note = f"the message in Slack {posted} was not changed: {error}; {where}"
    identity = f"aeef:{incident_id}/slack-not-changed/{posted.message.ts}/{said}"
    entry_id = uuid5(NAMESPACE_URL, identity)
    open_store(settings).record_action(incident_id, note, entry_id=entry_id)
