"""Acknowledges or resolves an incident's pages in every channel that was used."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from uuid import NAMESPACE_URL, UUID, uuid5

from schemas.errors import TemporaryError
from schemas.incident import Incident
from schemas.settings import Settings
from tasks.case import Case
from tasks.channels.channel import Channel
from tasks.channels.channels import CHANNELS, find_channel
from tasks.channels.reach import reach
from tasks.channels.slack.message import reply_in_thread
from tasks.notify.page_on_call import channel_of
from tasks.notify.show_progress import show
from tasks.step import step
from tasks.store import Claim, open_store
from tasks.store.claim_keys import (
    CLOCK,
    PAGE,
    PAGES_RESOLVED,
    about_of,
    occurrence_of,
    of_occurrence,
)


def resolve_page(incident_id: str | UUID, settings: Settings, *, holder: str) -> None:
    """Resolve every page of an incident that is over, and post it in its Slack thread, once.

    Nothing happens when it has relapsed meanwhile: its end will resolve them.
    Raises TemporaryError or PermanentError when a channel fails; it may be called again then.
    """
    store = open_store(settings)
    incident = store.incident(incident_id)
    if not incident.status.is_over:
        return
    key = of_occurrence(incident, PAGES_RESOLVED)
    with store.once(incident.incident_id, key, holder) as turn:
        if turn.state == "busy":
            raise TemporaryError("the page", "is being resolved by another process", retry_after=1)
        if turn.is_mine:
            _resolve(incident, settings, holder)
            turn.finish()


def _resolve(incident: Incident, settings: Settings, holder: str) -> None:
    _until_the_page_has_left(incident, settings)
    for channel, abouts in ringing(incident, settings):
        # A legal duty does not end with the incident: `aeef breach submitted` ends it.
        over = [about for about in abouts if not about.startswith(CLOCK)]
        for about in over:
            reach(channel, settings, partial(channel.resolve, incident, settings, about=about))
        if over and channel.can_end:
            identity = f"aeef:{incident.incident_id}/resolved/{channel.name}"
            identity = of_occurrence(incident, identity)
            open_store(settings).record_action(
                incident.incident_id,
                f"resolved the page in {channel.title}",
                entry_id=uuid5(NAMESPACE_URL, identity),
            )
    for page in open_store(settings).untaken_of(incident.incident_id):
        if not page.even_if_over:
            open_store(settings).drop_untaken(incident.incident_id, page.key)
    reply_in_thread(
        str(incident.incident_id), f"Incident {incident.status}.", settings, holder=holder
    )
    show(str(incident.incident_id), settings)


def resolve_one_page(incident: Incident, key: str, settings: Settings) -> None:
    """Resolve the page that was sent under this key, if it is an alert of its own.

    Safe to repeat. Raises TemporaryError or PermanentError when the channel fails.
    """
    store = open_store(settings)
    taker = channel_of(store.claim_result(incident.incident_id, key))
    left = store.untaken_page(incident.incident_id, key)
    store.drop_untaken(incident.incident_id, key)
    for channel in CHANNELS:
        may_ring = channel is taker or (left is not None and channel.name in left.asked)
        if may_ring and channel.rings_apart:
            about = about_of(key)
            reach(channel, settings, partial(channel.resolve, incident, settings, about=about))


def acknowledge_page(incident_id: str | UUID, settings: Settings) -> None:
    """Acknowledge the incident's pages in the channels that ring. Safe to repeat.

    Raises TemporaryError or PermanentError when a channel fails.
    """
    incident = open_store(settings).incident(incident_id)
    # Beside: a pager that hangs must not keep the messages from saying who has it.
    with ThreadPoolExecutor(1, thread_name_prefix="show") as beside:
        beside.submit(copy_context().run, show, str(incident.incident_id), settings)
        for channel, abouts in ringing(incident, settings):
            for about in abouts:
                call = partial(channel.acknowledge, incident, settings, about=about)
                reach(channel, settings, call)


def _until_the_page_has_left(incident: Incident, settings: Settings) -> None:
    """Raise TemporaryError while a page is being sent: it would ring after being resolved."""
    if any(claim.state == "busy" for claim in _page_claims(incident, settings).values()):
        raise TemporaryError("the page", "is still being sent", retry_after=1)


def _page_claims(incident: Incident, settings: Settings) -> dict[str, Claim]:
    claims = open_store(settings).claims(incident.incident_id).items()
    return {
        key: claim
        for key, claim in claims
        if key.startswith(PAGE)
        and not key.startswith(PAGES_RESOLVED)
        and occurrence_of(key) <= incident.occurrence  # a relapse since pages on
    }


def ringing(incident: Incident, settings: Settings) -> Iterator[tuple[Channel, list[str]]]:
    """The channels that ring for the incident, each with its alerts' subjects.

    Those of earlier occurrences too: they ring until somebody takes them.
    """
    claims = _page_claims(incident, settings).items()
    taken = [(channel_of(claim.result), about_of(key)) for key, claim in claims]
    # One that was asked, and whose answer was lost, may ring too.
    left = open_store(settings).untaken_of(incident.incident_id)
    taken += [(find_channel(name), about_of(page.key)) for page in left for name in page.asked]
    for channel in (each for each in CHANNELS if each.rings):
        abouts = dict.fromkeys(about for taker, about in taken if taker is channel)
        if abouts:
            yield channel, list(abouts) if channel.rings_apart else [""]


@step("resolve the page", says=lambda _none: None, timeout=300)
def stand_down(case: Case) -> None:
    """Make sure that nobody is paged any longer for an incident that is over."""
    resolve_page(case.incident_id, case.settings, holder=case.holder)
