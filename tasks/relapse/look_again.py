"""Makes the looks that alerts asked for, and records what was seen."""

from __future__ import annotations

from schemas.incident import Incident
from schemas.settings import Settings
from tasks.relapse.look_at_services import look_at_services
from tasks.store import AskedLook, Looked, Opened, Store, open_store


def look_again(
    asked: AskedLook, settings: Settings, store: Store
) -> tuple[Incident, Looked | None]:
    """Look at the incident's services and record it; None when another look was faster.

    Raises nothing because of what it looks at, only what the store raises.
    """
    incident = store.incident(asked.incident_id)
    return store.settle_look(asked, look_at_services(incident, settings, store))


def look_at_once(opened: Opened, settings: Settings) -> Incident:
    """The incident of an alert, after the look that it asked for, if it asked for one.

    For a run that responds to the alert itself; the intake leaves a look to its own threads.
    """
    if opened.look is None:
        return opened.incident
    store, asked = open_store(settings), AskedLook(opened.incident.incident_id, opened.look)
    look_again(asked, settings, store)
    return store.incident(asked.incident_id)
