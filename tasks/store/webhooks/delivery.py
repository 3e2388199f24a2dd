"""One event for one webhook, what became of it, and how a webhook does."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from schemas.model import Model, UtcDatetime


class Delivery(NamedTuple):
    """One event for one webhook; `attempts`: how often it was leased, including now."""

    webhook: str
    event_id: UUID
    incident_id: UUID
    event: str
    payload: dict[str, Any]
    occurred_at: datetime
    attempts: int


class Dead(Model):
    """What a receiver never took, and why."""

    webhook: str
    event_id: UUID
    incident_id: UUID
    event: str
    occurred_at: UtcDatetime
    attempts: int
    error: str


class State(Model):
    """How a webhook does. last_error: of what waits or is dead, the newest."""

    webhook: str
    waiting: int = 0
    dead: int = 0
    delivered: int = 0
    delivered_at: UtcDatetime | None = None
    last_error: str = ""
