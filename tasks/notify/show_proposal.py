"""Lets people read that an incident's sender says that it is over, which a person has to decide."""

from __future__ import annotations

from uuid import uuid4

from schemas.errors import AeefError
from schemas.incident import Incident
from schemas.lifecycle import Standing, how_to_resolve
from schemas.settings import Settings
from tasks.channels.slack.message import reply_in_thread
from tasks.notify.show_progress import show
from tasks.step import log_line
from tasks.store import open_store
from tasks.store.sanitize import sanitized


def show_proposal(incident: Incident, settings: Settings) -> None:
    """Post it in the incident's thread, and change its messages. Never raises."""
    of = str(incident.incident_id)
    try:
        standing = open_store(settings).lifecycle.standing(of)
        if not (said := proposal_of(incident, standing)):
            return
        reply_in_thread(of, said, settings, holder=f"proposal {uuid4()}")
    except AeefError as error:
        log_line(sanitized(f"the proposal could not be posted: {error}", settings))
    show(of, settings)


def proposal_of(incident: Incident, standing: Standing) -> str:
    """One sentence for people; empty when nothing is proposed."""
    if standing.proposed_at is None:
        return ""
    return (
        f"{standing.proposed_by} says since {standing.proposed_at:%Y-%m-%d %H:%M} UTC that it is"
        f" over; it stays {incident.status}, for {standing.proposed_why}. If it is over:"
        f" {how_to_resolve(incident)}"
    )
