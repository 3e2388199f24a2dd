"""Sends the store's events to Prefect, and keeps trying while Prefect is down."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.context import SettingsContext, get_settings_context
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import PREFECT_CLIENT_MAX_RETRIES

from deployments.dispatcher.intervals import USUAL
from schemas.incident import RESOURCE
from schemas.model import utc_now
from tasks.store import OutboxEvent, Store

BATCH = 50
FIRST_WAIT = 0.5
REFUSED = frozenset({400, 413, 422})
"""Status codes by which Prefect refuses the event; all others are problems of Prefect itself."""
AT_ONCE = frozenset({408, 429, 502, 503})
"""Status codes for which Prefect's client would wait: two seconds, or as `Retry-After` says."""
LONGEST_REST = timedelta(minutes=5)
"""The longest time until a refused event is sent again: an upgrade may have helped."""

log = logging.getLogger("aeef.dispatch")


class EventsOut:
    """Sends due events, in order, each at least once; the automations act on each once.

    holder: a unique name for the lease, so that no two processes send the same event at once.
    longest_wait: the most seconds between two attempts while Prefect does not answer.
    """

    def __init__(self, store: Store, holder: str, longest_wait: float = USUAL.longest_wait) -> None:
        self.store = store
        self.holder = holder
        self.longest_wait = longest_wait
        self.problem: str | None = None
        self._sender = EventSender()
        self._wait = FIRST_WAIT
        self._next_try = 0.0

    def run(self) -> int:
        """Send what is due; the number of events that Prefect took. Raises no error of Prefect."""
        sent = 0
        while time.monotonic() >= self._next_try:
            events = self.store.lease_events(self.holder, limit=BATCH)
            if not events:
                break
            sent += self._send(events)
            if len(events) < BATCH:  # newer events wake the thread, or wait for the next round
                break
        return sent

    def close(self) -> None:
        """Close the connection to Prefect."""
        self._sender.close()

    def _send(self, events: Sequence[OutboxEvent]) -> int:
        ids = [event.event_id for event in events]
        try:
            self._sender.send([as_prefect_event(event) for event in events])
        except PrefectHTTPStatusError as error:
            if error.response.status_code not in REFUSED:
                self._away(events, error)
            elif len(events) > 1:
                return self._one_by_one(events)
            else:
                self._refused(events[0], error)
            return 0
        # ValueError, RuntimeError: Prefect's client has no address, or cannot be created.
        except (httpx.HTTPError, OSError, ValueError, RuntimeError) as error:
            self._away(events, error)
            return 0
        self.store.events_sent(ids)
        if self.problem:
            log.warning("Prefect takes events again")
        self.problem, self._wait = None, FIRST_WAIT
        return len(events)

    def _one_by_one(self, events: Sequence[OutboxEvent]) -> int:
        """Send them one by one: a refused event must not hold up the others."""
        sent = 0
        for number, event in enumerate(events):
            if time.monotonic() < self._next_try:  # Prefect stopped answering meanwhile
                self._release(events[number:])
                break
            sent += self._send([event])
        return sent

    def _refused(self, event: OutboxEvent, error: PrefectHTTPStatusError) -> None:
        rest = min(timedelta(seconds=2 ** min(event.attempts, 10)), LONGEST_REST)
        self.store.events_failed([event.event_id], utc_now() + rest)
        what = f"'{event.event}' of incident {event.incident_id}"
        self._say(f"Prefect refuses the event {what} ({error.response.status_code})")

    def _away(self, events: Sequence[OutboxEvent], error: Exception) -> None:
        # Due again at once, which keeps their order: the sender waits, not the events.
        self._release(events)
        self._next_try = time.monotonic() + min(self._wait, self.longest_wait)
        self._wait = min(2 * self._wait, self.longest_wait)
        self._say(f"Prefect does not take events ({type(error).__name__}); they are kept")

    def _release(self, events: Sequence[OutboxEvent]) -> None:
        self.store.events_failed([event.event_id for event in events], utc_now())

    def _say(self, problem: str) -> None:
        if problem != self.problem:
            log.warning("%s", problem)
        self.problem = problem


def as_prefect_event(event: OutboxEvent) -> dict[str, Any]:
    """One event in the format of Prefect's `POST /events`.

    Automations match the labels, and pass on the payload.
    """
    labels = {
        f"aeef.{name}": str(event.payload.get(name) or "unknown")
        for name in ("type", "severity", "service", "occurrence")
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


class EventSender:
    """Sends events to Prefect's API over one kept connection: an alert must not wait for a new one.

    Not thread-safe. The retries of Prefect's client are off: they take a minute and more, and the
    dispatcher retries sooner.
    """

    def __init__(self) -> None:
        self._client: SyncPrefectClient | None = None
        self._open = ExitStack()
        self._settings: SettingsContext | None = None

    def send(self, events: list[dict[str, Any]]) -> None:
        """Return when Prefect has confirmed them. Raises what its client raises."""
        if self._settings is None:
            present = get_settings_context()
            changed = present.settings.copy_with_update(updates={PREFECT_CLIENT_MAX_RETRIES: 0})
            self._settings = SettingsContext(profile=present.profile, settings=changed)
        with self._settings:
            try:
                if self._client is None:
                    hooks = {"event_hooks": {"response": [_raise_at_once]}}
                    opened = get_client(httpx_settings=hooks, sync_client=True)
                    self._client = self._open.enter_context(opened)
                self._client.request("POST", "/events", json=events)
            except (httpx.HTTPError, OSError, ValueError, RuntimeError):
                self.close()
                raise

    def close(self) -> None:
        """Close the connection; the next `send` opens another."""
        self._client = None
        self._open.close()


def _raise_at_once(response: httpx.Response) -> None:
    if response.status_code in AT_ONCE:
        response.read()
        try:
            response.raise_for_status()
        except httpx.HTTPStatusError as error:
            raise PrefectHTTPStatusError.from_httpx_error(error) from error
