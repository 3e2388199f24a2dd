"""Whether an event counts that comes late, or for another page than the present one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from schemas.incident import Incident
from tasks.channels.pagerduty.webhook import STATES, Heard
from tasks.store import Store
from tasks.store.claim_keys import (
    PAGE,
    PAGE_FAILED,
    PAGERDUTY_EVENT,
    about_of,
    occurrence_of,
    page_key,
)


def of_an_earlier_page(heard: Heard, about: str, incident: Incident, store: Store) -> bool:
    """True when the incident has paged anew since, after a relapse or at a higher severity.

    Moments are compared only where the page does not tell: PagerDuty's clock is not ours.
    """
    key = f"{PAGE}{about}"
    if key.startswith(PAGE_FAILED):
        return False
    if occurrence_of(key) < incident.occurrence:
        return True
    is_present = about == about_of(page_key(incident))
    if not incident.raised or is_present:
        return False
    state = store.escalations.state(incident.incident_id)
    return state is not None and heard.occurred_at < state.began_at


def is_old(heard: Heard, about: str, incident_id: UUID, store: Store) -> bool:
    """True when something that happened later to the same page was heard before."""
    return any(
        claim.result.get("of") == about
        and claim.result.get("kind") in STATES
        and datetime.fromisoformat(claim.result["at"]) > heard.occurred_at
        for key, claim in store.claims(incident_id).items()
        if key.startswith(PAGERDUTY_EVENT) and claim.result
    )
