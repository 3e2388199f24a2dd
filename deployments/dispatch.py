"""Brings the store's events to Prefect, however long Prefect is away."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import httpx
from prefect.client.orchestration import get_client
from prefect.exceptions import PrefectHTTPStatusError

from deployments.registry import RESOURCE
from schemas.model import utc_now
from schemas.settings import Settings
from tasks.store import OutboxEvent, Store

LONGEST_WAIT = timedelta(seconds=30)
BATCH = 50

log = logging.getLogger("aeef.dispatch")


class Dispatcher:
    """Sends due events, in order, each at least once; the automations act on each once."""

    def __init__(self, store: Store, settings: Settings, holder: str) -> None:
        self.store = store
        self.settings = settings
        self.holder = holder
        self.problem: str | None = None

    def run(self) -> int:
        """Send what is due; the number of events that Prefect took. Never raises for Prefect."""
        sent = 0
        while events := self.store.lease_events(self.holder, limit=BATCH):
            try:
                emit([as_prefect_event(event) for event in events])
            except (httpx.HTTPError, PrefectHTTPStatusError, OSError) as error:
                self._later(events, error)
                return sent
            self.store.events_sent([event.event_id for event in events])
            if self.problem:
                log.warning("Prefect is back: its events are delivered")
            self.problem = None
            sent += len(events)
        return sent

    def _later(self, events: list[OutboxEvent], error: Exception) -> None:
        attempts = max(event.attempts for event in events)
        wait = min(timedelta(seconds=0.5 * 2 ** min(attempts, 10)), LONGEST_WAIT)
        self.store.events_failed([event.event_id for event in events], utc_now() + wait)
        if not self.problem:
            log.warning("Prefect does not take events (%s); they are kept", type(error).__name__)
        self.problem = f"{type(error).__name__} while sending events to Prefect"


def as_prefect_event(event: OutboxEvent) -> dict[str, Any]:
    """One event as Prefect's `POST /events` wants it.

    The labels are what automations match; the payload is what they pass on.
    """
    labels = {
        f"aeef.{name}": str(event.payload.get(name) or "unknown")
        for name in ("type", "severity", "service")
    }
    return {
        "id": str(event.event_id),
        "occurred": event.occurred_at.isoformat(),
        "event": event.event,
        "resource": {
            "prefect.resource.id": f"{RESOURCE}{event.incident_id}",
            "prefect.resource.name": str(event.incident_id),
            **labels,
        },
        "related": [],
        "payload": event.payload,
    }


def emit(events: list[dict[str, Any]]) -> None:
    """Hand events to Prefect's API and wait until it confirms. Raises httpx.HTTPError."""
    with get_client(sync_client=True) as client:
        client.request("POST", "/events", json=events)
