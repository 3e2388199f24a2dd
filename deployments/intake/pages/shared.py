"""A page that is the same for everybody: rendered once for all who ask for it at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from deployments.web.own_threads import OwnThreads

T = TypeVar("T")


class Shared(Generic[T]):
    """At most one rendering of a key at a time, and one that waits for it.

    Nobody gets what was begun before they asked: whoever has just done something sees it. Only for
    what depends on the key alone, and on nothing of whoever asks, also not on their rights.
    """

    def __init__(self, threads: OwnThreads) -> None:
        self._threads = threads
        self._running: dict[Hashable, asyncio.Task[T]] = {}
        self._next: dict[Hashable, asyncio.Task[T]] = {}

    async def get(self, key: Hashable, render: Callable[[], T]) -> T:
        """What a rendering comes to that begins from now on. Raises what that raises."""
        if key not in self._next:
            self._next[key] = asyncio.create_task(self._render(key, render))
        # Whoever goes away does not end it for the others.
        return await asyncio.shield(self._next[key])

    async def _render(self, key: Hashable, render: Callable[[], T]) -> T:
        if before := self._running.get(key):
            await asyncio.wait([before])
        task = self._running[key] = self._next.pop(key)
        try:
            return await self._threads.run(render)
        finally:
            if self._running.get(key) is task:
                del self._running[key]
