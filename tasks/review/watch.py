"""One round over the reviews: begins those that are missing, and reminds people of what is due."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple
from uuid import uuid4

from schemas.errors import AeefError
from schemas.incident import Incident
from schemas.lifecycle import Standing
from schemas.links import links_for
from schemas.model import utc_now
from schemas.review import Review, State
from schemas.settings import Settings
from tasks.channels.slack import client as slack
from tasks.notify.write_to_person import write_to_person
from tasks.review.draft_review import begin_review
from tasks.review.shown import AT_ALL
from tasks.store import Store
from tasks.store.claim_keys import review_draft_key, review_reminder_key
from tasks.store.reviews.writing import RUN_ENDS

NOBODY = "whoever leads it"

log = logging.getLogger("aeef.review")


def watch_reviews(settings: Settings, store: Store, now: datetime | None = None) -> None:
    """Do one round. It needs no Prefect: what ended while that is away has its due date, too.

    now: for tests. Logs what could not be done: the next round does it.
    """
    now = now or utc_now()
    for incident in store.reviews.lacking(now):
        try:
            begin_review(incident, settings, store)
        except AeefError as error:  # the others are begun all the same
            log.warning("%s: its review was not begun: %s", incident.title, error)
    store.reviews.end_runs(now - RUN_ENDS).logged()
    for incident, review in store.reviews.due(AT_ALL).logged():
        try:
            for notice in _notices(incident, review, settings, now):
                _notify(notice, incident, review, settings, store)
        except AeefError as error:  # of the others people hear all the same
            log.warning("%s: nobody was notified of its review: %s", incident.title, error)


class Notice(NamedTuple):
    """key: by which it is said once. what: of the entry, before the name. said: a sentence."""

    key: str
    what: str
    said: str


def _notices(
    incident: Incident, review: Review, settings: Settings, now: datetime
) -> Iterator[Notice]:
    if review.is_draft_late(now):
        since = review.draft_asked_at or review.begun_at or now
        yield Notice(review_draft_key(since), "notice", _not_drafted(incident, since))
    if review.due_at <= now + settings.review.remind_before:
        is_overdue = review.due_at <= now
        key = review_reminder_key(review.due_at, is_overdue=is_overdue)
        yield Notice(key, "reminder", _said(incident, review, is_overdue=is_overdue))


def _notify(
    notice: Notice, incident: Incident, review: Review, settings: Settings, store: Store
) -> None:
    """Once, by day or night, as nothing rings for it. On record with where it was said."""
    done = store.claims(incident.incident_id).get(notice.key)
    if done is not None and done.state == "done":
        return
    with store.once(incident.incident_id, notice.key, f"review {uuid4()}") as turn:
        if not turn.is_mine:
            return
        person = _whom(store.lifecycle.standing(incident.incident_id), review)
        how = "nowhere, for Slack is not configured"
        if slack.configured(settings):
            address = f"{links_for(incident, settings).incident}/review"
            text = f"{notice.said} ({address})"
            holder = turn.holder or "review"
            how = write_to_person(person or NOBODY, text, incident, settings, holder)
        entry = f"{notice.what} to {person or NOBODY} {how}: {notice.said}"
        store.record_action(incident.incident_id, entry, in_record=False)
        turn.finish()


def _whom(standing: Standing, review: Review) -> str:
    """The lead, else who has or had it; to read it, whoever that is, is their matter too."""
    return standing.lead or standing.owner or review.completed_by or ""


def _said(incident: Incident, review: Review, *, is_overdue: bool) -> str:
    what = (
        "is complete, and nobody else has read it"
        if review.state is State.COMPLETE
        else ("is not complete")
    )
    when = "was due" if is_overdue else "is due"
    return f"The review of {incident.title} {when} {review.due_at:%Y-%m-%d %H:%M} UTC; it {what}"


def _not_drafted(incident: Incident, since: datetime) -> str:
    return (
        f"The review of {incident.title} was not drafted from the record, though that was asked for"
        f" {since:%Y-%m-%d %H:%M} UTC: look at the timeline and at the run of review/respond in"
        f" Prefect; `aeef review {incident.short_id} --draft` asks for it again"
    )
