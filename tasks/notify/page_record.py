"""What the record says of a page: who was paged or told, by what, and who did not take it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from schemas.errors import PageNotDelivered
from schemas.figures import AUTOMATION_FAILURES, NO_CHANNEL, PAGES, Moment, Sent
from schemas.incident import PAGED, Incident
from tasks.channels.channel import Channel
from tasks.channels.channels import title_of
from tasks.store import Store
from tasks.store.claim_keys import (
    PAGE_FAILED,
    PAGE_NOT_STARTED,
    about_of,
    contact_of,
    is_the_incident,
    people_of,
)
from tasks.store.tallies import Count
from tasks.store.waiting.untaken import UntakenPage

PEOPLE = {"security": "security", "privacy": "privacy"}
"""The people paged instead of the on-call, by the page's subject."""
STILL_TRYING = "; still trying"
NOT_CONFIGURED = "not configured"


def done(
    incident: Incident,
    page: UntakenPage,
    channel: Channel,
    refused: Mapping[str, str],
    took: timedelta | None,
    store: Store,
) -> None:
    """It was sent, and nothing more is tried. took: since the first try, if it was not the last."""
    late = f"; it took {in_seconds(took)}" if took is not None else ""
    if channel.is_to_try:  # that all the others are not set up yet is no news
        refused = {name: why for name, why in refused.items() if why != NOT_CONFIGURED}
    text = f"{_done_by(channel, about_of(page.key))}{_about(incident, page)}{_tried(refused)}{late}"
    moment = Moment.PAGED if _rang(channel, about_of(page.key)) else None
    counts = [_sent(channel, page), *_not_taken(refused)]
    _record(incident, page, text, store, counts, moment=moment)
    _paged(incident, page, channel.name, store)


def meanwhile(
    incident: Incident,
    page: UntakenPage,
    channel: Channel,
    refused: Mapping[str, str],
    store: Store,
) -> None:
    """What only tells was used meanwhile."""
    said = f"{_done_by(channel, about_of(page.key))}{_about(incident, page)}{_tried(refused)}"
    _record(incident, page, f"{said}{STILL_TRYING}", store, [_sent(channel, page)], "/told")
    _paged(incident, page, channel.name, store)


def nobody(incident: Incident, page: UntakenPage, store: Store) -> None:
    """There is no channel."""
    about = _about(incident, page)
    text = f"NOBODY WAS PAGED{about}: no channel is configured; see `aeef doctor`"
    _record(incident, page, text, store, [_page(Sent.NOBODY), *_failure(incident, page)])


def taken_by_a_person(incident: Incident, page: UntakenPage, store: Store) -> None:
    """Somebody acknowledged the incident before anything rang."""
    text = (
        f"{_people(about_of(page.key))} was not paged{_about(incident, page)}"
        f"{_tried(page.refused)}; not tried any longer: somebody has acknowledged the incident"
    )
    _record(incident, page, text, store, [_page(Sent.TAKEN), *_not_taken(page.refused)])


def collected(incident: Incident, page: UntakenPage, text: str, store: Store) -> None:
    """Another incident's page tells of it."""
    _record(incident, page, text, store, [_page(Sent.COLLECTED)])
    _paged(incident, page, "digest", store)


def not_delivered(incident: Incident, refused: Mapping[str, str]) -> PageNotDelivered:
    """The error while nobody was reached at all."""
    detail = "; ".join(f"{title_of(name)}: {why}" for name, why in refused.items())
    return PageNotDelivered(
        f"nobody was paged for {incident.title}: {detail}. It is tried again by itself;"
        " `aeef doctor` says what to set up"
    )


def in_seconds(span: timedelta) -> str:
    """`27 s`, `4 min 5 s`."""
    minutes, seconds = divmod(round(max(span.total_seconds(), 1)), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def _people(about: str) -> str:
    return PEOPLE.get(people_of(about)) or contact_of(about) or "on-call"


def _about(incident: Incident, page: UntakenPage) -> str:
    its = incident.model_copy(update={"occurrence": page.occurrence})
    return f" ({page.reason})" if page.reason else its.which_occurrence


def _tried(refused: Mapping[str, str]) -> str:
    return "".join(f"; {title_of(name)} did not take it: {why}" for name, why in refused.items())


def _done_by(channel: Channel, about: str) -> str:
    """What a page that the channel accepted has done: not every one of them rings."""
    people = _people(about)
    if channel.is_to_try:
        return f"the page for {people} is in {channel.title}: it left nowhere"
    if not channel.rings:
        return f"told {people} by {channel.title}, which rings nobody"
    if not _rang(channel, about):
        return f"told {people} by {channel.title} again, which may ring nobody a second time"
    return f"paged {people} by {channel.title}"


def _rang(channel: Channel, about: str) -> bool:
    """A relapse is a new alert everywhere; another subject only where it is kept apart."""
    rings = channel.rings and not channel.is_to_try
    return rings and (is_the_incident(about) or channel.rings_apart)


def _record(
    incident: Incident,
    page: UntakenPage,
    text: str,
    store: Store,
    counts: Sequence[Count],
    part: str = "",
    moment: Moment | None = None,
) -> None:
    entry_id = uuid5(NAMESPACE_URL, f"{_identity(page.incident_id, page.key)}{part}")
    store.record_action(
        incident.incident_id,
        text,
        entry_id=entry_id,
        moment=moment,
        occurrence=page.occurrence,
        counts=counts,
    )


def _page(outcome: Sent, channel: str = NO_CHANNEL) -> Count:
    return Count(PAGES, {"channel": channel, "outcome": outcome.value})


def _sent(channel: Channel, page: UntakenPage) -> Count:
    if channel.is_to_try:
        return _page(Sent.KEPT, channel.name)
    rang = _rang(channel, about_of(page.key))
    return _page(Sent.RANG if rang else Sent.NOTIFIED, channel.name)


def _not_taken(refused: Mapping[str, str]) -> list[Count]:
    return [_page(Sent.REFUSED, name) for name, why in refused.items() if why != NOT_CONFIGURED]


def _failure(incident: Incident, page: UntakenPage) -> list[Count]:
    """That the automation failed, when that is what the page is about."""
    is_it = page.key.startswith((PAGE_FAILED, PAGE_NOT_STARTED))
    return [Count(AUTOMATION_FAILURES, {"type": incident.type})] if is_it else []


def _paged(incident: Incident, page: UntakenPage, channel: str, store: Store) -> None:
    """Once for each page: what was told and rings later is one page."""
    event_id = uuid5(NAMESPACE_URL, f"{_identity(page.incident_id, page.key)}/event")
    counts = _failure(incident, page)
    store.emit(incident.incident_id, PAGED, {"channel": channel}, event_id=event_id, counts=counts)


def _identity(incident_id: UUID, key: str) -> str:
    return f"aeef:{incident_id}/{key}"
