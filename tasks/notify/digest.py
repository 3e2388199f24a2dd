"""Collects pages that come too fast for one person: one page then tells of all."""

from __future__ import annotations

from schemas.incident import Incident
from schemas.settings import Settings
from schemas.wording import minutes
from tasks.store import Store
from tasks.store.claim_keys import is_collected

ON_CALL = "on-call"


def collected_in(incident: Incident, key: str, settings: Settings, store: Store) -> Incident | None:
    """The incident whose page tells of this one, on record; None: it has a page of its own.

    The first one that is collected has a page of its own too: it carries the others.
    """
    rule = settings.paging.digest
    if not rule.above or not is_collected(key):
        return None
    collected = store.collect_page(incident, key, ON_CALL, above=rule.above, within=rule.within)
    if collected is None or collected.carrier.incident_id == incident.incident_id:
        return None
    return collected.carrier


def in_words(carrier: Incident, settings: Settings) -> str:
    """For the record of an incident that was collected."""
    rule = settings.paging.digest
    return (
        f"no page of its own: {rule.above} or more in {minutes(rule.within)} went to the on-call;"
        f" it is collected in the digest of {carrier.title}"
    )
