"""Pages for an alert whose incident cannot be put on record: without the store.

The incident's id is made of the alert's dedup key and the day, so that the same alert sent again,
to whichever intake, and its incident once it can be recorded, are one alert for the pager.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from uuid import NAMESPACE_URL, UUID, uuid5

from schemas.errors import AeefError, PageNotDelivered
from schemas.incident import Alert, Incident, Triage, dedup_key_for, hash_of_text, route_for
from schemas.settings import Settings
from tasks.base.storable import clean_alert, first_line
from tasks.channels.channel import Channel
from tasks.channels.channels import find_channel, in_earnest, title_of
from tasks.channels.reach import reach
from tasks.store.claim_keys import about_of, page_key


def unrecorded_incident(alert: Alert, triage: Triage, now: datetime) -> Incident:
    """The incident as it would be recorded. alert: masked."""
    alert = clean_alert(alert)
    return Incident(
        incident_id=unrecorded_id(dedup_key_for(alert, triage.type), now),
        severity=triage.severity,
        type=triage.type.value,
        type_source=triage.source,
        guessed_from=triage.guessed_from,
        description=alert.description,
        detected_at=now,
        affected_services=[alert.service] if alert.service else [],
        is_drill=alert.is_drill,
    )


def unrecorded_id(dedup_key: str, now: datetime) -> UUID:
    """The same for the same trouble on the same day."""
    return uuid5(NAMESPACE_URL, f"aeef:unrecorded/{hash_of_text(dedup_key)}/{now:%Y-%m-%d}")


def page_unrecorded(incident: Incident, settings: Settings) -> Channel:
    """Page by the first channel that takes it, what rings before what tells; the channel.

    Raises PageNotDelivered with each channel's reason.
    """
    names = route_for(incident.severity, incident.type, settings.routes).page_channels
    there = [
        each
        for name in names
        if (each := find_channel(name)) and each.covers(incident.severity, settings)
    ]
    there = in_earnest(there)
    said = first_line(incident.description) or incident.kind_in_full
    reason = f"it cannot be put on record now: {said}"
    refused = {}
    for channel in sorted(there, key=lambda each: not each.rings):
        call = partial(channel.page_unrecorded, incident, settings, reason=reason)
        try:
            reach(channel, settings, call)
        except AeefError as error:
            refused[channel.name] = str(error)
            continue
        return channel
    detail = "; ".join(f"{title_of(name)}: {why}" for name, why in refused.items())
    raise PageNotDelivered(
        f"nobody was paged for {incident.title}, which cannot be put on record either:"
        f" {detail or 'no channel is configured'}"
    )


def resolve_unrecorded(incident: Incident, channel: Channel, settings: Settings) -> None:
    """End such a page: its trouble turned out to be on record under another id.

    Raises TemporaryError or PermanentError.
    """
    about = about_of(page_key(incident))
    reach(channel, settings, partial(channel.resolve, incident, settings, about=about))
