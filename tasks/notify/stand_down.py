"""Tells everyone who was called that an incident is acknowledged, or over."""

from __future__ import annotations

from uuid import NAMESPACE_URL, UUID, uuid5

from schemas.errors import TemporaryError
from schemas.incident import Channel, Incident
from schemas.settings import Settings
from tasks.case import Case
from tasks.channels import alertmanager, pagerduty
from tasks.notify.page_on_call import NAMES, Page
from tasks.notify.post_to_slack import tell_thread
from tasks.step import step
from tasks.store import Claim, open_store
from tasks.store.claim_keys import CLOCK, PAGE, PAGES_RESOLVED, about_of

RINGING = (Channel.PAGERDUTY, Channel.ALERTMANAGER)
"""Slack and Jira keep what was said; only these two ring until they are told to stop."""


def resolve_page(incident_id: str | UUID, settings: Settings, *, holder: str) -> None:
    """Resolve every page of an incident that is over, and say so in its Slack thread. Once.

    Raises TemporaryError or PermanentError when a channel does not take it; it is free to be
    tried again then.
    """
    store = open_store(settings)
    incident = store.incident(incident_id)
    with store.once(incident.incident_id, PAGES_RESOLVED, holder) as turn:
        if turn.state == "busy":
            raise TemporaryError("the page", "is being resolved by another process", retry_after=1)
        if turn.is_mine:
            _resolve(incident, settings, holder)
            turn.finish()


def _resolve(incident: Incident, settings: Settings, holder: str) -> None:
    _until_the_page_has_left(incident, settings)
    pages = _pages(incident, settings)
    for about in pages[Channel.PAGERDUTY]:
        # A legal duty does not end with the incident: `aeef breach submitted` ends it.
        if not about.startswith(CLOCK):
            pagerduty.resolve(incident, settings, about=about)
    if pages[Channel.ALERTMANAGER]:
        alertmanager.resolve(incident, settings)
    for channel in (each for each in RINGING if pages[each]):
        open_store(settings).record_action(
            incident.incident_id,
            f"resolved the page in {NAMES[channel]}",
            entry_id=uuid5(NAMESPACE_URL, f"aeef:{incident.incident_id}/resolved/{channel}"),
        )
    tell_thread(str(incident.incident_id), f"Incident {incident.status}.", settings, holder=holder)


def acknowledge_page(incident_id: str | UUID, settings: Settings) -> None:
    """Acknowledge the incident's page where that exists: in PagerDuty. Safe to repeat.

    Raises TemporaryError or PermanentError when PagerDuty does not take it.
    """
    incident = open_store(settings).incident(incident_id)
    for about in _pages(incident, settings)[Channel.PAGERDUTY]:
        pagerduty.acknowledge(incident, settings, about=about)


def _until_the_page_has_left(incident: Incident, settings: Settings) -> None:
    """Raise TemporaryError while somebody sends one: resolved now, it would ring afterwards."""
    if any(claim.state == "busy" for claim in _page_claims(incident, settings).values()):
        raise TemporaryError("the page", "is still being sent", retry_after=1)


def _page_claims(incident: Incident, settings: Settings) -> dict[str, Claim]:
    claims = open_store(settings).claims(incident.incident_id).items()
    return {key: claim for key, claim in claims if key.startswith(PAGE) and key != PAGES_RESOLVED}


def _pages(incident: Incident, settings: Settings) -> dict[Channel, list[str]]:
    """What the pages that a ringing channel took are about, by channel."""
    pages: dict[Channel, list[str]] = {channel: [] for channel in RINGING}
    for key, claim in _page_claims(incident, settings).items():
        channel = Page.model_validate(claim.result).channel if claim.result else None
        if channel in pages and about_of(key) not in pages[channel]:
            pages[channel].append(about_of(key))
    return pages


@step("resolve the page", says=lambda _none: None, timeout=300)
def stand_down(case: Case) -> None:
    """Make sure that nobody is called any longer for an incident that is over."""
    resolve_page(case.incident_id, case.settings, holder=case.holder)
