"""Pages the on-call exactly once: a page is taken only by a channel that rings.

The intake and the runbook both call `ensure_page`. A claim in the store, with a lease, decides
which of them sends; the other finds it sent; a dead sender's claim is taken over. When the
severity rises, a separate page is sent.

Until something that rings has taken it, the page stays open: what only tells is used once
meanwhile, and the store keeps what is left to do (`tasks/store/waiting/untaken.py`), so that any
intake tries it again. A runbook's step is content with that: it neither fails nor waits.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any
from uuid import UUID

from pydantic import Field

from schemas.incident import Incident, Severity
from schemas.model import Model
from schemas.settings import Settings
from tasks.case import Case
from tasks.channels.channel import Channel
from tasks.channels.channels import find_channel
from tasks.notify import page_record, page_round
from tasks.notify.digest import collected_in, in_words
from tasks.notify.page_round import Outcome
from tasks.step import step
from tasks.store import Store, open_store
from tasks.store.automation.said import said_of
from tasks.store.claim_keys import ends_with_acknowledgement, page_key
from tasks.store.once import POLL_SECONDS
from tasks.store.waiting.untaken import UntakenPage

LEASE = timedelta(minutes=1)
"""Longer than one round through all channels, each within `[paging] answer_within`."""


class Page(Model):
    """A page that was sent: its channel, and why others did not take it.

    channel: its name; None when no channel is configured, which the record states prominently,
    or when somebody acknowledged the incident before anything rang.
    digest: the incident whose page tells of this one; then it has none of its own.
    still_trying: that channel only tells; the page is tried again until something rings.
    """

    channel: str | None = None
    digest: UUID | None = None
    refused: dict[str, str] = Field(default_factory=dict)
    still_trying: bool = Field(default=False, exclude=True)


def channel_of(page: dict[str, Any] | None) -> Channel | None:
    """The channel of a page, from the result of its claim; None when there is no such channel."""
    return find_channel(Page.model_validate(page).channel) if page else None


def ensure_page(
    incident_id: str | UUID,
    settings: Settings,
    *,
    holder: str,
    key: str | None = None,
    reason: str | None = None,
    wait: bool = False,
    even_if_over: bool = False,
    severity: Severity | None = None,
    now: bool = False,
) -> Page | None:
    """Send the incident's page, unless it was sent already or is to be tried again later.

    None while another process is sending it, and when the incident is over.
    holder: the sender; concurrent senders need different names.
    key, reason: for a separate page with its own message, such as a failure of the automation.
    wait: wait for the other process until it rang or told somebody; take over when its lease ends.
    even_if_over: for example for a legal duty, which does not end with the incident.
    severity: page as if the incident had this severity.
    now: try it although it is not due yet.
    Raises PageNotDelivered with each channel's reason while nobody was reached at all.
    """
    store = open_store(settings)
    incident = store.incident(incident_id)
    key = key or page_key(incident)
    left = store.untaken_page(incident.incident_id, key)
    even_if_over = even_if_over or (left is not None and left.even_if_over)
    wanted = page_round.first(store, incident, key, reason, severity, even_if_over=even_if_over)
    is_done = incident.status.is_over and not even_if_over
    if is_done and store.claim_result(incident.incident_id, key) is None:
        return None
    while True:
        left = store.untaken_page(incident.incident_id, key)
        # Whoever waits, a step, has waits of its own; while nobody was reached it tries at once.
        if left and not now and left.due_at > store.lease_now() and (left.notified or not wait):
            return _notified_so_far(incident, left)
        with store.once(incident.incident_id, key, holder, lease=LEASE) as turn:
            if turn.is_mine:
                page = _send(_as_wanted(left, wanted), settings, store)
                if page and not page.still_trying:
                    turn.finish(page.to_json())
                    store.drop_untaken(incident.incident_id, key)
                return page
            if turn.state == "done":
                # A sender that was killed, or slower than its lease, left this behind.
                store.drop_untaken(incident.incident_id, key)
                return Page.model_validate(turn.result)
        if not wait:
            return None
        time.sleep(POLL_SECONDS)


def _as_wanted(left: UntakenPage | None, wanted: UntakenPage) -> UntakenPage:
    """What is left of a page, with the newest reason."""
    if left is None:
        return wanted
    return left.model_copy(update={"reason": wanted.reason or left.reason})


def _notified_so_far(incident: Incident, left: UntakenPage) -> Page:
    if left.notified:
        return Page(channel=left.notified, refused=left.refused, still_trying=True)
    raise page_record.not_delivered(incident, left.refused)


def _collected(
    incident: Incident, page: UntakenPage, settings: Settings, store: Store
) -> Page | None:
    """The page of another incident that tells of this one, too; None when it has its own."""
    carrier = collected_in(incident, page.key, settings, store)
    if carrier is None:
        return None
    page_record.collected(incident, page, in_words(carrier, settings), store)
    return Page(digest=carrier.incident_id)


def _send(page: UntakenPage, settings: Settings, store: Store) -> Page | None:
    """One round through the channels, by the holder of the page's claim."""
    # Read again under the claim: a resolution from now on sees the claim and waits for this page;
    # an earlier one is seen here. Otherwise a page could ring for ever.
    incident = store.incident(page.incident_id)
    if incident.status.is_over and not page.even_if_over:
        return None
    if page.severity:
        incident = incident.model_copy(update={"severity": page.severity})
    incident = incident.model_copy(update={"automation": said_of(incident, settings)})
    if page.tries and _is_taken_by_a_person(page, store):
        page_record.taken_by_a_person(incident, page, store)
        return Page(channel=None, refused=page.refused)
    is_new = not page.tries and page.notified is None
    if is_new and (collected := _collected(incident, page, settings, store)):
        return collected
    outcome: Outcome = page_round.go(incident, page, settings, store)
    if outcome.channel is None and outcome.nothing_is_configured:
        page_record.nobody(incident, page, store)
    elif outcome.channel is not None and not outcome.still_trying:
        took = store.lease_now() - page.since if page.tries or outcome.page.notified else None
        page_record.done(incident, page, outcome.channel, outcome.refused, took, store)
    elif outcome.channel is None:
        raise page_record.not_delivered(incident, outcome.refused)
    name = outcome.channel.name if outcome.channel else None
    return Page(channel=name, refused=outcome.refused, still_trying=outcome.still_trying)


def _is_taken_by_a_person(page: UntakenPage, store: Store) -> bool:
    """True when somebody acknowledged the incident after the page had begun."""
    if page.even_if_over or not ends_with_acknowledgement(page.key):
        return False
    taken = store.acknowledged_at(page.incident_id)
    return taken is not None and taken >= page.began_at


@step("page on-call", says=lambda _page: None, timeout=300)
def page_on_call(case: Case, reason: str | None = None, key: str | None = None) -> Page | None:
    """Make sure that the on-call is paged. Whoever sends the page also records it.

    Done also when what only tells was used and the intake still tries what rings.
    Raises PageNotDelivered, which is retried, while nobody was reached at all.
    """
    return ensure_page(
        case.incident_id, case.settings, holder=case.holder, key=key, reason=reason, wait=True
    )
