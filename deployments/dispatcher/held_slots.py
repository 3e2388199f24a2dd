"""Gives back slots of rollback limits in Prefect that nobody holds: a lease was not written."""

from __future__ import annotations

import logging
import time
from uuid import UUID

from deployments.dispatcher.prefect_runs import PREFECT_ERRORS, PrefectRuns
from schemas.errors import AeefError
from schemas.settings import Settings
from tasks.rollback.prefect_limit import limit_of
from tasks.rollback.prefect_turn import ORPHAN_SECONDS
from tasks.store import Store
from tasks.store.claim_keys import RUN

LOOK_SECONDS = 15.0

log = logging.getLogger("aeef.runs")


class HeldSlots:
    """Looks every `LOOK_SECONDS` at the limits of the targets. Raises nothing."""

    def __init__(
        self, settings: Settings, store: Store, orphan_seconds: float = ORPHAN_SECONDS
    ) -> None:
        """orphan_seconds: how long a slot must have been nobody's; only tests use another."""
        self.settings = settings
        self.store = store
        self._orphan_seconds = orphan_seconds
        self._runs = PrefectRuns()
        self._looked_at = float("-inf")
        self._free_since: dict[str, float] = {}

    def run(self) -> None:
        """Look, if it is time."""
        now = time.monotonic()
        if self.settings.prefect_embedded or now - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = now
        try:
            self.look()
        except PREFECT_ERRORS as error:
            log.debug("rollback limits were not looked at: %s", type(error).__name__)
        except AeefError as error:
            log.error("rollback limits were not looked at: %s", error)

    def close(self) -> None:
        """Close the connection to Prefect."""
        self._runs.close()

    def look(self) -> None:
        """Set to free what is taken, and has been nobody's for so long that no lease can run."""
        targets = {limit_of(name): name for name in self.settings.targets}
        taken = {name for name in self._runs.full_slots() if name in targets}
        self._free_since = {n: since for n, since in self._free_since.items() if n in taken}
        for name in sorted(taken):
            if self._changes(targets[name]):
                self._free_since.pop(name, None)
                continue
            since = self._free_since.setdefault(name, time.monotonic())
            if time.monotonic() - since >= self._orphan_seconds:
                self._runs.free_limit(name)
                self._free_since.pop(name)
                log.warning("Prefect's limit %s was taken and held by nobody: freed", name)

    def _changes(self, target: str) -> bool:
        """True while a run that has not ended says that it changes the target."""
        changer = self.store.changer_of(target)
        if changer is None:
            return False
        run_id = UUID(changer.holder.removeprefix(RUN))
        run = self._runs.by_id([run_id]).get(run_id)
        if run is not None and run.state is not None and not run.state.is_final():
            return True
        self.store.end_turn(target, changer.holder)  # it died before it could
        return False
