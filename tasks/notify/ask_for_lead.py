"""Asks for a lead of an incident that has none: on its record, and in its thread, once."""

from __future__ import annotations

from schemas.incident import Incident
from schemas.lifecycle import lacks_lead
from schemas.settings import Settings
from tasks.channels.slack.message import reply_in_thread
from tasks.store import open_store
from tasks.store.claim_keys import LEAD_ASKED, of_occurrence


def ask_for_lead(incident: Incident, settings: Settings, *, holder: str) -> None:
    """Once for each occurrence. Raises OutsideServiceError while Slack does not take it."""
    store = open_store(settings)
    standing = store.lifecycle.standing(incident.incident_id)
    with store.once(incident.incident_id, of_occurrence(incident, LEAD_ASKED), holder) as turn:
        if not turn.is_mine:
            return
        lacks = lacks_lead(incident, standing)
        if lacks:
            said = f"Nobody leads it yet: aeef lead {incident.short_id}"
            reply_in_thread(str(incident.incident_id), said, settings, holder=holder)
            store.record_action(incident.incident_id, "asked for a lead: nobody is named yet")
        turn.finish({"asked": lacks})
