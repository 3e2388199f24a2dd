"""A thing done once for an incident, whoever asks for it, and however many ask at the same time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Literal, Protocol
from uuid import UUID

from tasks.store.claims import Claim

LEASE = timedelta(minutes=2)
"""Longer than an outside service with all its tries takes; who died is taken over after it."""
POLL_SECONDS = 0.2


class _Store(Protocol):
    def claim(self, incident_id: UUID | str, key: str, holder: str, lease: timedelta) -> Claim: ...

    def finish_claim(
        self, incident_id: UUID | str, key: str, holder: str, result: dict[str, Any]
    ) -> bool: ...

    def release_claim(self, incident_id: UUID | str, key: str, holder: str) -> None: ...


class Turn:
    """How it stands with the thing that is to be done once.

    state: `mine`: the caller has to do it, and says so by `finish`; `done`: somebody did it, and
    left `result`; `busy`: somebody is doing it (`holder`).
    attempts: how often it was begun, this time included: above 1, look whether it is there.
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
        """True when the caller has to do it."""
        return self.state == "mine"

    def finish(self, result: dict[str, Any] | None = None) -> None:
        """It is done; `result`, JSON, is what whoever asks later gets."""
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
    """Do a thing once: inside the block, when the turn `is_mine`; then `finish` it.

    A block that ends without `finish`, or with an error, gives the turn back: the next has it at
    once. One whose process dies keeps it until `lease` is over.
    holder: who does it; two that may ask at the same time need different names, the same one
    gets its own turn again.
    wait: wait while another is doing it, and take over when its lease ends.
    may_be_done: errors after which the thing may have been done all the same: the turn is kept,
    so that until the lease ends only the same holder looks again.
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
