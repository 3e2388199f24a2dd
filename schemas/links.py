"""The URLs of an incident."""

from __future__ import annotations

from typing import NamedTuple

from schemas.incident import Incident
from schemas.settings import Settings


class Links(NamedTuple):
    """incident: its record in the intake. run: leads to its flow run in the Prefect UI."""

    incident: str
    run: str


def links_for(incident: Incident, settings: Settings) -> Links:
    """Both links of an incident; they are the same before and after its flow run exists."""
    record = f"{settings.base_url}/incidents/{incident.incident_id}"
    return Links(incident=record, run=f"{record}/run")
