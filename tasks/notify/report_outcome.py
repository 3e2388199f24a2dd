"""Lets whoever was paged read what came of it, and takes back that the automation failed."""

from __future__ import annotations

from functools import partial
from uuid import UUID, uuid4

from schemas.errors import AeefError
from schemas.settings import Settings
from tasks.channels.reach import reach
from tasks.channels.slack.message import reply_in_thread
from tasks.notify.stand_down import resolve_one_page, ringing
from tasks.step import log_line
from tasks.store import open_store
from tasks.store.claim_keys import failure_key, repaired_key, reported_key
from tasks.store.sanitize import sanitized

REPAIRED = "the automation did it after all: its page that it failed is taken back"


def report_outcome(incident_id: str, settings: Settings, *, mark: str) -> None:
    """Let the pagers that were used say how it stands, once for each mark. Never raises."""
    try:
        store = open_store(settings)
        incident = store.incident(incident_id)
        with store.once(incident_id, reported_key(mark), f"outcome {uuid4()}") as turn:
            if turn.is_mine:
                for channel, _subjects in ringing(incident, settings):
                    reach(channel, settings, partial(channel.report, incident, settings))
                turn.finish()
    except AeefError as error:
        log_line(sanitized(f"the pager could not be told how it stands: {error}", settings))


def take_back_failure(incident_id: str, settings: Settings, *, run_id: UUID) -> None:
    """End the page that this run failed, if there is one: a Retry repaired it. Never raises."""
    try:
        store = open_store(settings)
        incident, first = store.incident(incident_id), failure_key(run_id)
        kept = [each.key for each in store.untaken_of(incident.incident_id)]
        sent = [key for key, each in store.claims(incident_id).items() if each.state == "done"]
        pages = [key for key in dict.fromkeys([*sent, *kept]) if key.startswith(first)]
        if not pages:
            return
        holder = f"repaired {uuid4()}"
        with store.once(incident_id, repaired_key(run_id), holder) as turn:
            if turn.is_mine:
                for page in pages:
                    resolve_one_page(incident, page, settings)
                store.record_action(incident_id, REPAIRED)
                reply_in_thread(incident_id, REPAIRED, settings, holder=holder)
                turn.finish()
    except AeefError as error:
        log_line(sanitized(f"that it failed could not be taken back: {error}", settings))
