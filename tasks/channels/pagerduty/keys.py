"""The dedup keys of our alerts in PagerDuty: there an incident's key is that of its first alert."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID


class Ours(NamedTuple):
    """What a dedup key of ours says. about: the page's subject; empty: the incident itself."""

    incident_id: UUID
    about: str


def dedup_key(incident_id: UUID, about: str) -> str:
    """The key of the alert about this subject."""
    return f"{incident_id}:{about}" if about else str(incident_id)


def read_dedup_key(key: str | None) -> Ours | None:
    """What the key says; None when it is not one of ours."""
    incident_id, _, about = (key or "").partition(":")
    try:
        return Ours(UUID(incident_id), about)
    except ValueError:
        return None
