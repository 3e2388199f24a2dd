"""Caches what the worker reads from Prefect for every run, although it seldom changes."""

from __future__ import annotations

import copy
import time
from collections.abc import Awaitable, Callable
from typing import Any

CACHE_SECONDS = 60.0
"""How long a cached answer is used at most, even if no event reports a change."""

Read = Callable[[Any], Awaitable[Any]]


def apply() -> None:
    """Do nothing: the worker gives its one client a `ReadCache`."""


class ReadCache:
    """Results of the methods of a client that read one thing by its id."""

    def __init__(self, seconds: float = CACHE_SECONDS) -> None:
        self._seconds = seconds
        self._known: dict[tuple[str, Any], tuple[float, Any]] = {}

    def serve(self, client: object, *methods: str) -> None:
        """Let these methods of the client return cached results."""
        for name in methods:
            setattr(client, name, self._cached(name, getattr(client, name)))

    def clear(self) -> None:
        """Something changed: read again."""
        self._known = {}  # a read that is under way still writes into the old one

    def _cached(self, name: str, read: Read) -> Read:
        async def cached(wanted: Any) -> Any:
            known = self._known
            until, found = known.get((name, wanted), (0.0, None))
            if time.monotonic() >= until:
                found = await read(wanted)
                known[name, wanted] = time.monotonic() + self._seconds, found
            # The caller may change what it gets; Prefect's worker does.
            return copy.deepcopy(found)

        return cached
