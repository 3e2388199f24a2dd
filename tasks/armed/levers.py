"""The list of all levers: `aeef doctor`, the schedule and the metrics have this one."""

from __future__ import annotations

from functools import partial

from schemas.incident import Severity
from schemas.settings import Settings
from tasks.armed import installation, people, targets
from tasks.armed.lever import Lever
from tasks.channels.channel import Channel
from tasks.channels.channels import CHANNELS

AUDIT_SECONDS = 600.0
"""Recomputing everything takes as long as it takes; what is new is verified within a second."""
TARGET_SECONDS = 60.0
"""A release that is only on the remote is fetched."""


def levers_of(settings: Settings) -> list[Lever]:
    """Every lever of this installation."""
    return [
        Lever("incident store", lambda: installation.store(settings)),
        Lever("same secrets", lambda: installation.secrets_alike(settings)),
        audit_lever(settings),
        *(
            Lever(
                f"anchor {each.name}",
                partial(installation.anchor, each, settings),
                seconds=TARGET_SECONDS,
            )
            for each in settings.anchors
        ),
        Lever("disk", lambda: installation.disk(settings)),
        Lever("clock", lambda: installation.clock(settings)),
        *(Lever(each.title, partial(people.channel, each, settings)) for each in _shown(settings)),
        Lever("paging", lambda: people.somebody_hears(settings)),
        Lever("contacts", lambda: people.contacts(settings)),
        *(
            lever
            for name, target in settings.targets.items()
            for lever in (
                Lever(
                    f"target {name}",
                    partial(targets.rollback, target, settings),
                    name,
                    TARGET_SECONDS,
                ),
                Lever(f"isolation of {name}", partial(targets.isolation, target, settings), name),
                *(
                    [Lever(f"agents of {name}", partial(targets.agents, target, settings), name)]
                    if target.agents
                    else []
                ),
            )
        ),
    ]


def _shown(settings: Settings) -> list[Channel]:
    """Every channel; what is only to try with where it is on."""
    return [each for each in CHANNELS if not each.is_to_try or each.configured(settings)]


def audit_lever(settings: Settings, *, full: bool = False) -> Lever:
    """The audit log: the witness of everything."""
    return Lever(
        "audit log",
        lambda: installation.audit_log(settings, full=full),
        seconds=AUDIT_SECONDS,
        severity=Severity.P2,
        from_the_start=True,
    )
