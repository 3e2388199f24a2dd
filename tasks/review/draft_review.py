"""The step that begins and drafts the review of an incident that is over."""

from __future__ import annotations

from schemas.errors import NotPossibleNow
from schemas.incident import Incident
from schemas.lifecycle import needs_review
from schemas.model import utc_now
from schemas.review import Review
from schemas.settings import Settings
from tasks.case import Case
from tasks.review.due import due_at
from tasks.review.facts.draft import draft_facts
from tasks.step import step
from tasks.store import Store


@step("draft the review", says=lambda _said: None, timeout=300)
def draft_review(case: Case) -> str:
    """Begin the review of a P1 or P2, and draft the facts of one that was begun; what came of it.

    Again it changes nothing, unless the incident went on since, or a person asked for it. Its
    entries are the store's.
    """
    incident, store = case.incident, case.store
    review = store.reviews.of(incident.incident_id)
    if not incident.status.is_over:
        return f"{incident.title} goes on: it is reviewed once it is resolved"
    standing = store.lifecycle.standing(incident.incident_id)
    if review is not None or needs_review(incident, standing):
        review = begin_review(incident, case.settings, store)
    if review is None:
        return f"{incident.title}: no review was asked for"
    if not review.waits_for_draft:
        return f"{incident.title}: its review is {review.state}, with the facts that it has"
    facts = draft_facts(incident, case.settings, store)
    store.reviews.draft(incident.incident_id, facts)
    return f"{incident.title}: review drafted, due {review.due_at:%Y-%m-%d %H:%M} UTC"


def begin_review(incident: Incident, settings: Settings, store: Store) -> Review | None:
    """Begin it, once for each end of its incident; None when that has gone on meanwhile."""
    standing = store.lifecycle.standing(incident.incident_id)
    due = due_at(incident, standing, settings, utc_now())
    try:
        return store.reviews.begin(incident.incident_id, due).review
    except NotPossibleNow:
        return None
