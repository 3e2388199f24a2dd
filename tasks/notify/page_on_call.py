"""Pages the on-call exactly once, by the first channel of the route that accepts the page.

The intake and the runbook both call `ensure_page`. A claim in the store, with a lease, decides
which of them sends; the other finds it sent; a dead sender's claim is taken over. When the
severity rises, a separate page is sent.
"""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import Field

from schemas.errors import ConfigurationError, OutsideServiceError, PageNotDelivered
from schemas.incident import PAGED, Incident, Severity, route_for
from schemas.model import Model
from schemas.settings import Settings
from tasks.case import Case
from tasks.channels.channel import Channel
from tasks.channels.channels import channel_named, find_channel, title_of
from tasks.notify.digest import collected_in, in_words
from tasks.step import step
from tasks.store import Store, open_store
from tasks.store.claim_keys import about_of, page_key, people_of

NOT_CONFIGURED = "not configured"

PEOPLE = {"security": "security", "privacy": "privacy"}
"""The people paged instead of the on-call, by the page's subject."""


class Page(Model):
    """A sent page: its channel, and why earlier channels did not accept it.

    channel: its name; None when no channel is configured, which the record states prominently.
    digest: the incident whose page tells of this one; then it has none of its own.
    """

    channel: str | None = None
    digest: UUID | None = None
    refused: dict[str, str] = Field(default_factory=dict)


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
) -> Page | None:
    """Send the incident's page, unless it was sent already.

    None while another process is sending it, and when the incident is over.
    holder: the sender; concurrent senders need different names.
    key, reason: for a separate page with its own message, such as a failure of the automation.
    wait: wait for the other process, and take over when its lease ends.
    even_if_over: for example for a legal duty, which does not end with the incident.
    severity: page as if the incident had this severity.
    Raises PageNotDelivered with each channel's reason, and releases the claim.
    """
    store = open_store(settings)
    incident = store.incident(incident_id)
    key = key or page_key(incident)
    is_done = incident.status.is_over and not even_if_over
    if is_done and store.claim_result(incident.incident_id, key) is None:
        return None
    with store.once(incident.incident_id, key, holder, wait=wait) as turn:
        if turn.state == "busy":
            return None
        if turn.is_mine:
            # Read again under the claim: a resolution from now on sees the claim and waits for
            # this page; an earlier one is seen here. Otherwise a page could ring for ever.
            incident = store.incident(incident_id)
            if incident.status.is_over and not even_if_over:
                return None
            if severity:
                incident = incident.model_copy(update={"severity": severity})
            page = _collected(incident, settings, store, key) or _by_the_first_channel(
                incident, settings, store, key, reason
            )
            turn.finish(page.to_json())
    return Page.model_validate(turn.result)


def _collected(incident: Incident, settings: Settings, store: Store, key: str) -> Page | None:
    carrier = collected_in(incident, key, settings, store)
    if carrier is None:
        return None
    page = Page(digest=carrier.incident_id)
    identity = f"aeef:{incident.incident_id}/{key}"
    entry_id = uuid5(NAMESPACE_URL, identity)
    store.record_action(incident.incident_id, in_words(carrier, settings), entry_id=entry_id)
    event_id = uuid5(NAMESPACE_URL, f"{identity}/event")
    store.emit(incident.incident_id, PAGED, {"channel": "digest"}, event_id=event_id)
    return page


def _by_the_first_channel(
    incident: Incident, settings: Settings, store: Store, key: str, reason: str | None
) -> Page:
    refused: dict[str, str] = {}
    for name in route_for(incident.severity, incident.type, settings.routes).page_channels:
        if why := _refusal(name, incident, settings, key, reason):
            refused[name] = why
            continue
        page = Page(channel=name, refused=refused)
        _record(incident, page, store, key, reason)
        return page
    if set(refused.values()) <= {NOT_CONFIGURED}:
        page = Page(channel=None, refused=refused)
        _record(incident, page, store, key, reason)
        return page
    detail = "; ".join(f"{title_of(name)}: {why}" for name, why in refused.items())
    raise PageNotDelivered(
        f"nobody was paged for {incident.title}: {detail}. It is tried again by itself;"
        " `aeef doctor` says what to set up"
    )


def _refusal(
    name: str, incident: Incident, settings: Settings, key: str, reason: str | None
) -> str | None:
    """Why this channel does not accept the page; None when it did."""
    try:
        channel = channel_named(name)
    except ConfigurationError as error:
        return str(error)  # a typing error in a route must not keep the page from the others
    if not channel.configured(settings, about_of(key)):
        return NOT_CONFIGURED
    try:
        channel.page(incident, settings, key=key, reason=reason)
    except OutsideServiceError as error:
        return str(error)
    return None


def _record(incident: Incident, page: Page, store: Store, key: str, reason: str | None) -> None:
    about = f" ({reason})" if reason else incident.which_occurrence
    identity = f"aeef:{incident.incident_id}/{key}"
    entry_id = uuid5(NAMESPACE_URL, identity)
    if page.channel is None:
        text = f"NOBODY WAS PAGED{about}: no channel is configured; see `aeef doctor`"
        store.record_action(incident.incident_id, text, entry_id=entry_id)
        return
    tried = "".join(
        f"; {title_of(name)} did not take it: {why}" for name, why in page.refused.items()
    )
    text = f"{_done_by(channel_named(page.channel), about_of(key))}{about}{tried}"
    store.record_action(incident.incident_id, text, entry_id=entry_id)
    store.emit(
        incident.incident_id,
        PAGED,
        {"channel": page.channel},
        event_id=uuid5(NAMESPACE_URL, f"{identity}/event"),
    )


def _done_by(channel: Channel, about: str) -> str:
    """What a page that the channel accepted has done: not every one of them rings."""
    people = PEOPLE.get(people_of(about), "on-call")
    if not channel.rings:
        return f"told {people} by {channel.title}, which rings nobody"
    if about and not channel.rings_apart:
        return f"told {people} by {channel.title} again, which may ring nobody a second time"
    return f"paged {people} by {channel.title}"


@step("page on-call", says=lambda _page: None, timeout=300)
def page_on_call(case: Case, reason: str | None = None, key: str | None = None) -> Page | None:
    """Make sure that the on-call is paged. Whoever sends the page also records it.

    Raises PageNotDelivered, which is retried.
    """
    return ensure_page(
        case.incident_id, case.settings, holder=case.holder, key=key, reason=reason, wait=True
    )
