"""Sends events to the webhooks of the settings, beside everything else: no page waits for it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from uuid import uuid4

from schemas.errors import AeefError
from schemas.settings import Settings
from tasks.channels.reach import Breaker
from tasks.store import Store
from tasks.webhooks.send import WAITS, send_waiting

AT_ONCE = 8
"""Receivers that are spoken to at the same time."""

log = logging.getLogger("aeef.webhooks")


class Webhooks:
    """One round looks what is new, and begins to send it; a slow receiver holds up only itself."""

    def __init__(
        self, store: Store, current: Callable[[], Settings], waits: Sequence[float] = WAITS
    ) -> None:
        """current: the settings as they are now. waits: see `send_waiting`."""
        self._store = store
        self._current = current
        self._waits = waits
        self._holder = f"webhooks {uuid4()}"
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhook")
        self._under_way: dict[str, Future[None]] = {}
        self._breakers: dict[tuple[str, str], Breaker] = {}

    def run(self) -> None:
        """Queue what is new, and send what is due."""
        settings = self._current()
        if not settings.webhooks:
            return
        wanted = {name: set(each.events) for name, each in settings.webhooks.items()}
        self._store.webhooks.queue(wanted)
        for name in settings.webhooks:
            before = self._under_way.get(name)
            if before is None or before.done():
                self._under_way[name] = self._pool.submit(self._send, name, settings)

    def close(self) -> None:
        """Wait for what is being sent; the rest is left for the next intake."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _send(self, name: str, settings: Settings) -> None:
        address = settings.webhooks[name].url.get_secret_value()
        breaker = self._breakers.setdefault((name, address), Breaker())
        try:
            send_waiting(
                name, settings, self._store, breaker, holder=self._holder, waits=self._waits
            )
        except AeefError as error:
            log.error("webhook %s: %s", name, error)
        except Exception:
            log.exception("webhook %s failed; it goes on", name)
