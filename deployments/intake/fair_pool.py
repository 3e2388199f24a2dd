"""Threads for pages: what is urgent goes first, and no service's pages wait behind another's."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import partial

from schemas.incident import Incident, Severity
from schemas.incident.fairness import Claimant, Turns

log = logging.getLogger("aeef.door")
_ORDER = list(Severity)


def claimant_of(incident: Incident) -> Claimant:
    """Who waits: the incident's service, and who reported it."""
    sender = incident.actions_taken[0].actor if incident.actions_taken else ""
    return Claimant(_ORDER.index(incident.severity), incident.service, sender)


class FairPool:
    """A fixed number of threads; each takes the work whose turn it is."""

    def __init__(self, threads: int, name: str) -> None:
        self._waiting: list[tuple[Claimant, Callable[[], object]]] = []
        self._turns = Turns()
        self._changed = threading.Condition()
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"{name} {number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, claimant: Claimant, work: Callable[..., object], *args: object) -> None:
        """Do this as soon as it is its turn."""
        with self._changed:
            self._waiting.append((claimant, partial(work, *args)))
            self._changed.notify()

    def close(self) -> None:
        """Return when all that waits is done."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while (work := self._next()) is not None:
            try:
                work()
            except Exception:
                log.exception("something that had to be done beside failed")

    def _next(self) -> Callable[[], object] | None:
        """What is to be done now; waits for it. None: the pool is closed, and all is done."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            if not self._waiting:
                return None
            chosen = self._turns.order([(each[0], each) for each in self._waiting])[0]
            self._waiting.remove(chosen)
            self._turns.served(chosen[0])
            return chosen[1]
