"""Does something once for an incident, however many callers ask concurrently."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Literal, Protocol
from uuid import UUID

from tasks.store.claims import Claim

LEASE = timedelta(minutes=2)
"""Longer than a call to an outside service with all tries; then a dead holder is replaced."""
POLL_SECONDS = 0.2


class _Store(Protocol):
    def claim(self, incident_id: UUID | str, key: str, holder: str, lease: timedelta) -> Claim: ...

    def finish_claim(
        self, incident_id: UUID | str, key: str, holder: str, result: dict[str, Any]
    ) -> bool: ...

    def release_claim(self, incident_id: UUID | str, key: str, holder: str) -> None: ...


class Turn:
    """The state of something that must be done once.

    state: `mine`: the caller must do it and call `finish`; `done`: somebody did it, with
    `result`; `busy`: somebody (`holder`) is doing it.
    attempts: how often it was started, including now; above 1, check whether it was done.
    """

    def __init__(self, claim: Claim, finish: Callable[[dict[str, Any]], None]) -> None:
        states: dict[str, Literal["mine", "done", "busy"]] = {"held": "mine", "done": "done"}
        self.state = states.get(claim.state, "busy")
        self.result = claim.result or {}
        self.holder = claim.holder
        self.attempts = claim.attempts
        self.is_finished = False
        self._finish = finish

    @property
    def is_mine(self) -> bool:
        """True when the caller must do it."""
        return self.state == "mine"

    def finish(self, result: dict[str, Any] | None = None) -> None:
        """Mark it as done; later callers get `result`, JSON."""
        self.result = result or {}
        self._finish(self.result)
        self.is_finished = True


@contextmanager
def once(
    store: _Store,
    incident_id: UUID | str,
    key: str,
    holder: str,
    *,
    lease: timedelta = LEASE,
    wait: bool = False,
    may_be_done: Callable[[BaseException], bool] = lambda _error: False,
) -> Iterator[Turn]:
    """Do something once: inside the block, if the turn `is_mine`; then call `finish`.

    A block that ends without `finish`, or with an error, releases the turn for the next caller.
    If the process dies, the turn stays taken until `lease` is over.
    holder: the caller's name; concurrent callers need different names, and the same name gets
    its own turn again.
    wait: wait while another is doing it, and take over when its lease ends.
    may_be_done: errors after which it may have been done even so: the turn is kept, so that
    until the lease ends only the same holder can check.
    """
    while (claim := store.claim(incident_id, key, holder, lease)).state == "busy" and wait:
        time.sleep(POLL_SECONDS)
    turn = Turn(claim, lambda result: _finish(store, incident_id, key, holder, result))
    try:
        yield turn
    except BaseException as error:
        if turn.is_mine and not turn.is_finished and not may_be_done(error):
            store.release_claim(incident_id, key, holder)
        raise
    if turn.is_mine and not turn.is_finished:
        store.release_claim(incident_id, key, holder)


def _finish(
    store: _Store, incident_id: UUID | str, key: str, holder: str, result: dict[str, Any]
) -> None:
    store.finish_claim(incident_id, key, holder, result)
