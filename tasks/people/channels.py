"""After an act: what channels show and ring for follows the record, within seconds."""

from __future__ import annotations

from collections.abc import Callable

from schemas.errors import AeefError
from schemas.incident import Incident, route_for
from schemas.settings import Settings
from tasks.base.network.deadline import deadline
from tasks.base.wake_up import wake
from tasks.notify.page_on_call import ensure_page
from tasks.notify.show_progress import show
from tasks.notify.stand_down import acknowledge_page, resolve_page
from tasks.people.act import Hand
from tasks.store.sanitize import sanitized

SECONDS = 5.0
"""For all channels together: whoever pressed a button waits for them."""


def show_everywhere(hand: Hand, incident: Incident) -> str:
    """Let the incident's messages say what the record holds, and its events leave."""
    wake(hand.settings.dispatcher_pipe)
    return _within(lambda: show(str(incident.incident_id), hand.settings), hand.settings)


def acknowledge_everywhere(hand: Hand, incident: Incident) -> str:
    """Acknowledge its pages; why that could not be done, empty when it was."""
    wake(hand.settings.dispatcher_pipe)
    return _within(lambda: acknowledge_page(incident.incident_id, hand.settings), hand.settings)


def stand_down_everywhere(hand: Hand, incident: Incident) -> str:
    """Resolve its pages; why that could not be done, empty when it was. It is tried again."""
    wake(hand.settings.dispatcher_pipe)
    return _within(
        lambda: resolve_page(incident.incident_id, hand.settings, holder=hand.holder),
        hand.settings,
    )


def page_anew(hand: Hand, incident: Incident, reason: str) -> str:
    """Page for the incident's present severity; why that could not be done. It is tried again."""
    wake(hand.settings.dispatcher_pipe)
    route = route_for(incident.severity, incident.type, hand.settings.routes)
    if not route.page:
        return show_everywhere(hand, incident)

    def page() -> None:
        ensure_page(incident.incident_id, hand.settings, holder=hand.holder, reason=reason)
        show(str(incident.incident_id), hand.settings)

    return _within(page, hand.settings)


def _within(work: Callable[[], object], settings: Settings) -> str:
    try:
        with deadline(SECONDS):
            work()
    except AeefError as error:
        return sanitized(str(error), settings)
    return ""
