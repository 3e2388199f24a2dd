"""Sends what waits for one webhook, in order, and says what became of each."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlsplit

import httpx

from schemas.errors import OutsideServiceError, TemporaryError
from schemas.model import utc_now
from schemas.settings import Settings
from schemas.settings.webhooks import Webhook
from tasks.base.http import Service, send
from tasks.base.redact import HIDDEN
from tasks.channels.reach import Breaker
from tasks.store import Store
from tasks.store.webhooks.delivery import Delivery
from tasks.webhooks.message import body_of, headers_of

WAITS = (5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0, 7200.0, 14400.0, 28800.0, 28800.0)
"""Seconds before each further try, about a day in all: then a person has to look."""
LONGEST_WISH = 3600.0
"""The most seconds that are waited at a receiver's request (`Retry-After`)."""
AT_ONCE = 20
LEASE = timedelta(minutes=2)
"""Longer than `AT_ONCE` messages take that are answered; a slow one ends the round."""
GONE = 410
"""The receiver says for good that it wants no more: https://www.rfc-editor.org/rfc/rfc9110#status.410"""
TOO_MANY_REQUESTS = 429

SHORTEST_PART = 6
"""Characters of a part of an address that may be a password."""

log = logging.getLogger("aeef.webhooks")


def send_waiting(
    name: str,
    settings: Settings,
    store: Store,
    breaker: Breaker,
    *,
    holder: str,
    waits: Sequence[float] = WAITS,
) -> None:
    """Send what is due, oldest first; the first that is not taken ends the round.

    breaker: of this receiver: one that does not answer costs a call now and then, no more.
    waits: before each further try; after the last one it is dead.
    """
    webhook = settings.webhooks[name]
    if breaker.refusal():
        return
    due = store.webhooks.lease(name, holder, AT_ONCE, LEASE)
    for number, delivery in enumerate(due):
        error = _send(name, webhook, delivery, settings, store)
        if error is None:
            breaker.answered()
            store.webhooks.delivered(delivery, utc_now())
            continue
        _report(breaker, error)
        wait = _wait(delivery, error, waits)
        why = _without_address(str(error), webhook)
        store.webhooks.failed(delivery, why, wait)
        store.webhooks.release(due[number + 1 :])
        log.warning("%s; %s", why, _next(wait))
        return


def _send(
    name: str, webhook: Webhook, delivery: Delivery, settings: Settings, store: Store
) -> OutsideServiceError | None:
    """Send one; why it was not taken. Redirects are not followed: they lead elsewhere."""
    body = body_of(delivery, store.incident(delivery.incident_id), settings)
    headers = headers_of(str(delivery.event_id), body, webhook.keys, utc_now())

    def build(client: httpx.Client) -> httpx.Request:
        url = webhook.url.get_secret_value()
        return client.build_request("POST", url, content=body, headers=headers)

    try:
        send(
            Service(f"webhook {name}", f"[webhooks.{name}]"),
            build,
            settings,
            doing=f"send {delivery.event}",
            read=lambda _answer: None,
            tries=1,
        )
    except OutsideServiceError as error:
        return error
    return None


def _report(breaker: Breaker, error: OutsideServiceError) -> None:
    if isinstance(error, TemporaryError) and error.status is None:
        breaker.silent("it does not answer")
    elif isinstance(error, TemporaryError) and error.status == TOO_MANY_REQUESTS:
        breaker.pause("it asked for a pause", min(error.retry_after or 0.0, LONGEST_WISH))
    else:
        breaker.answered()


def _wait(
    delivery: Delivery, error: OutsideServiceError, waits: Sequence[float]
) -> timedelta | None:
    """How long until it is tried again; None: never. Who refuses it may be mended within a day."""
    if error.status == GONE or delivery.attempts > len(waits):
        return None
    wish = (error.retry_after or 0.0) if isinstance(error, TemporaryError) else 0.0
    return timedelta(seconds=max(waits[delivery.attempts - 1], min(wish, LONGEST_WISH)))


def _next(wait: timedelta | None) -> str:
    if wait is None:
        return "not tried any longer: see `aeef webhooks dead`"
    return f"tried again in {wait.total_seconds():.0f} s"


def _without_address(text: str, webhook: Webhook) -> str:
    """The text without what the address has after its host: with many receivers a password.

    A receiver may repeat it in its answer, too.
    """
    parts = urlsplit(webhook.url.get_secret_value())
    for part in re.split(r"[/?&=#]", f"{parts.path}/{parts.query}/{parts.fragment}"):
        if len(part) >= SHORTEST_PART:
            text = text.replace(part, HIDDEN)
    return text
