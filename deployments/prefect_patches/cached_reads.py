"""Remembers what the worker would ask Prefect for with every run, though it seldom changes."""

from __future__ import annotations

import copy
import time
from collections.abc import Awaitable, Callable
from typing import Any

REMEMBER_SECONDS = 60.0
"""However long nobody says that it changed."""

Read = Callable[[Any], Awaitable[Any]]


def apply() -> None:
    """Nothing is replaced for the whole process: `Memory` does it for the worker's client."""


class Memory:
    """Answers by the method that gave them and what was asked for."""

    def __init__(self, seconds: float = REMEMBER_SECONDS) -> None:
        self._seconds = seconds
        self._known: dict[tuple[str, Any], tuple[float, Any]] = {}

    def answer_for(self, client: object, *methods: str) -> None:
        """Let these methods of the client, which read one thing by its id, answer from memory."""
        for name in methods:
            setattr(client, name, self._remembering(name, getattr(client, name)))

    def forget(self) -> None:
        """Something changed: ask again."""
        self._known = {}  # an answer that is on its way still goes to the old one

    def _remembering(self, name: str, read: Read) -> Read:
        async def remembered(wanted: Any) -> Any:
            known = self._known
            until, found = known.get((name, wanted), (0.0, None))
            if time.monotonic() >= until:
                found = await read(wanted)
                known[name, wanted] = time.monotonic() + self._seconds, found
            # Whoever asks may change what it gets, and Prefect's worker does.
            return copy.deepcopy(found)

        return remembered
