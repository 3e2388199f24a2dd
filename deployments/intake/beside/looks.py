"""Makes the looks at services that alerts asked for, and pages for a relapse at once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from schemas.errors import AeefError
from schemas.incident import Incident
from schemas.settings import Settings
from tasks.relapse.look_again import look_again
from tasks.store import AskedLook, Store

LOOKS_AT_ONCE = 16
MOST_LOOKS = 200
LEASE_MARGIN = 30.0
"""Seconds, beyond its deadline, after which a look whose intake died is made by another."""

log = logging.getLogger("aeef.looks")


class Looks:
    """Takes what is due from the store: what another intake began, and died over, too.

    current: the settings as they are now: a target may be newer than the intake's start.
    relapsed: called after each relapse, when it is on record, with the incident and why.
    """

    def __init__(
        self,
        store: Store,
        current: Callable[[], Settings],
        relapsed: Callable[[Incident, str], None],
    ) -> None:
        self._store = store
        self._current = current
        self._relapsed = relapsed
        self._pool = ThreadPoolExecutor(LOOKS_AT_ONCE, thread_name_prefix="look")

    def run(self) -> None:
        """Begin every look that is due; none waits for another."""
        if not self._store.looks_due():
            return
        settings = self._current()
        lease = timedelta(seconds=settings.relapse.look_within + LEASE_MARGIN)
        for asked in self._store.lease_looks(MOST_LOOKS, lease):
            self._pool.submit(self._look, asked, settings)

    def close(self) -> None:
        """Return when the looks under way have ended, which they do by their deadline."""
        self._pool.shutdown(wait=True)

    def _look(self, asked: AskedLook, settings: Settings) -> None:
        try:
            incident, looked = look_again(asked, settings, self._store)
            if looked and looked.is_relapse:
                self._relapsed(incident, f"occurrence {looked.occurrence}, {looked.look.sentence}")
        except AeefError as error:
            log.error("%s; it is looked again when the lease ends", error)
        except Exception:
            log.exception("a look failed; it is made again when its lease ends")
