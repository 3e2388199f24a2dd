"""Server-sent events: a page hears when something of its incident changed, and loads it anew.

One look at the store each second serves all pages that listen, and none is made while nobody does.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

from deployments.web.own_threads import OwnThreads
from schemas.errors import AeefError
from tasks.store import Store

MOST_LISTENING = 100
"""Pages at once; the next one asks again by itself every few seconds, as without this."""
LISTEN_SECONDS = 300.0
"""Then the browser connects anew: no connection is for ever."""
LOOK_EVERY = 1.0
STILL_HERE_EVERY = 15.0
RETRY_MILLISECONDS = 2000


class Live:
    """Everybody who listens, and the one look at the store for all of them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.threads = OwnThreads("live pages", 1, 10.0)
        self._listening: dict[asyncio.Event, UUID | None] = {}
        self._looking: asyncio.Task[None] | None = None

    @property
    def is_full(self) -> bool:
        """True when nobody more may listen now."""
        return len(self._listening) >= MOST_LISTENING

    async def listen(self, incident_id: UUID | None) -> AsyncIterator[bytes]:
        """The events of one incident; None: of all of them."""
        changed = asyncio.Event()
        self._listening[changed] = incident_id
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        now = asyncio.get_running_loop().time
        until = now() + LISTEN_SECONDS
        try:
            yield f"retry: {RETRY_MILLISECONDS}\n\n".encode()
            while now() < until:
                yield await self._next(changed)
        finally:
            self._listening.pop(changed, None)

    @staticmethod
    async def _next(changed: asyncio.Event) -> bytes:
        try:
            await asyncio.wait_for(changed.wait(), STILL_HERE_EVERY)
        except TimeoutError:
            return b": nothing new\n\n"
        changed.clear()
        return b"event: changed\ndata: 1\n\n"

    async def _look(self) -> None:
        """Look while somebody listens; a store that does not answer is asked again."""
        newest = -1
        while self._listening:
            try:
                if newest < 0:
                    newest, _ = await self.threads.run(self._store.audit_head)
                newest, changed = await self.threads.run(self._store.changed_since, newest)
            except AeefError:
                changed = set()
            for event, of in self._listening.items():
                if changed and (of is None or of in changed):
                    event.set()
            await asyncio.sleep(LOOK_EVERY)
