"""Levers that reach people: each channel, and whether every severity reaches somebody."""

from __future__ import annotations

from schemas.escalation import contact_name
from schemas.incident import DEFAULT_ROUTES, Severity
from schemas.settings import Settings
from tasks.armed.lever import Disarmed, NotConfigured
from tasks.channels.channel import Channel
from tasks.channels.channels import (
    CHANNELS,
    only_to_try,
    reaching,
    require_known_channels,
    silent_severities,
    unconfigured,
)
from tasks.notify.ringing import silent_pages
from tasks.store import open_store

SAMPLE = "demo"
"""The only target for which it is no fault that nobody is reached."""


def channel(each: Channel, settings: Settings) -> str:
    """Test the channel without notifying anybody."""
    if not each.configured(settings):
        raise NotConfigured(f"set {', '.join(each.needs)}")
    return each.check(settings)


def somebody_hears(settings: Settings) -> str:
    """Whether every severity has a channel that is configured, and what was sent did ring."""
    if waiting := silent_pages(open_store(settings)):
        raise Disarmed(waiting)
    require_known_channels(settings)
    missing = unconfigured(settings)
    titles = " or ".join(channel.title for channel in reaching())
    if (kept := only_to_try(settings)) and set(settings.targets) <= {SAMPLE}:
        raise NotConfigured(
            f"pages are only kept in {kept.title}, and reach nobody: configure {titles}"
        )
    if len(missing) == len(reaching()):
        raise Disarmed(f"NOBODY WOULD BE PAGED: configure {titles}")
    if silent := silent_severities(settings):
        raise Disarmed(
            f"NOBODY WOULD BE PAGED for {', '.join(silent)}: no channel that [routes]"
            " page_channels names for it is configured"
        )
    return f"by {', '.join(each.name for each in reaching() if each.name not in missing)}"


def contacts(settings: Settings) -> str:
    """How whom each level names is reached, and that every address could be used.

    A level whose contact has no address calls the on-call instead.
    """
    for each in CHANNELS:
        each.check_contacts(settings)
    said, missing = [], []
    for name in _named_by_levels(settings):
        contact = settings.contact(name)
        if contact is None or not contact.has_address:
            missing.append(
                f"{name} has no address: the on-call is called; set [contacts.{contact_name(name)}]"
            )
            continue
        rings = "" if contact.can_ring else ", WHICH RINGS NOBODY"
        said.append(f"{name} by {', '.join(contact.by)}{rings}")
    if missing:
        raise NotConfigured("; ".join([*said, *missing]))
    return "; ".join(said)


def _named_by_levels(settings: Settings) -> list[str]:
    routes = [settings.routes.get(each, DEFAULT_ROUTES[each]) for each in Severity]
    levels = [level.to for route in routes if route.page for level in route.escalation]
    return list(dict.fromkeys(levels))
