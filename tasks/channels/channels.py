"""The list of all channels: code that pages, resolves or checks uses it and names no vendor."""

from __future__ import annotations

from schemas.errors import ConfigurationError
from schemas.incident import DEFAULT_ROUTES, Incident, Severity, route_for
from schemas.settings import Settings
from tasks.channels.alertmanager.channel import Alertmanager
from tasks.channels.apprise.channel import Message, Phone
from tasks.channels.channel import Channel
from tasks.channels.inbox import Inbox
from tasks.channels.jira.channel import Jira
from tasks.channels.pagerduty.channel import PagerDuty
from tasks.channels.slack.channel import Slack
from tasks.store.claim_keys import about_of, contact_of

CHANNELS: list[Channel] = [
    PagerDuty(), Alertmanager(), Phone(), Slack(), Message(), Jira(), Inbox(),
]  # fmt: skip


def channel_named(name: str) -> Channel:
    """The channel that a route or a stored page names.

    Raises ConfigurationError that lists the known ones.
    """
    if channel := find_channel(name):
        return channel
    known = ", ".join(channel.name for channel in CHANNELS)
    raise ConfigurationError(f"there is no channel {name!r}; there are: {known}")


def find_channel(name: str | None) -> Channel | None:
    """As `channel_named`, but None for an unknown name."""
    return next((channel for channel in CHANNELS if channel.name == name), None)


def channels_for(incident: Incident, settings: Settings, key: str) -> tuple[str, ...]:
    """The names of the channels that take a page, in order.

    Those of the route; for a contact's page those that reach the contact.
    """
    contact = settings.contacts.get(contact_of(about_of(key)) or "")
    if contact is not None:
        return tuple(channel.name for channel in CHANNELS if channel.reaches(contact))
    return route_for(incident.severity, incident.type, settings.routes).page_channels


def title_of(name: str) -> str:
    """The channel's display name; its plain name when the channel no longer exists."""
    channel = find_channel(name)
    return channel.title if channel else name


def unconfigured(settings: Settings) -> list[str]:
    """The names of the channels that have no credentials; not of what reaches nobody anyway."""
    return [each.name for each in reaching() if not each.configured(settings)]


def reaching() -> list[Channel]:
    """The channels that reach somebody."""
    return [channel for channel in CHANNELS if not channel.is_to_try]


def in_earnest(there: list[Channel]) -> list[Channel]:
    """These without what is only to try with, unless there is nothing else: it takes no page that
    a channel which reaches somebody would take a moment later.
    """
    return [channel for channel in there if not channel.is_to_try] or there


def only_to_try(settings: Settings) -> Channel | None:
    """The channel that reaches nobody, when there is no other and it is on."""
    if len(unconfigured(settings)) < len(reaching()):
        return None
    return next((each for each in CHANNELS if each.is_to_try and each.configured(settings)), None)


def pages_lead_here(settings: Settings) -> str:
    """Why the link in a page opens on no phone, while something rings; empty: nothing is wrong."""
    rings = [each.title for each in CHANNELS if each.rings and each.configured(settings)]
    if settings.public_url or not rings:
        return ""
    return (
        f"{' and '.join(rings)}: the link in a page leads to {settings.base_url}, which no phone"
        " opens; set AEEF_PUBLIC_URL to the address of this intake for people"
    )


def silent_severities(settings: Settings) -> list[Severity]:
    """The severities for which nobody is paged: no channel of their route is configured."""
    return [
        severity
        for severity, names in _routes(settings)
        if not any(each.name in names and each.covers(severity, settings) for each in reaching())
    ]


def require_known_channels(settings: Settings) -> None:
    """Raise ConfigurationError when a route names an unknown channel."""
    for severity, names in _routes(settings):
        for name in names:
            try:
                channel_named(name)
            except ConfigurationError as error:
                raise ConfigurationError(f"[routes.{severity}] page_channels: {error}") from None


def _routes(settings: Settings) -> list[tuple[Severity, tuple[str, ...]]]:
    routes = {**DEFAULT_ROUTES, **settings.routes}
    return [(severity, route.page_channels) for severity, route in routes.items()]
