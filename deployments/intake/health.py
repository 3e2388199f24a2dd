"""Finds out, beside the requests, whether an alert would be taken and paged, and runbooks run."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from schemas.errors import AeefError
from schemas.settings import Settings
from tasks.drift.blindness import standing_blindness
from tasks.notify.ringing import silent_pages
from tasks.store import Store
from tasks.store.fingerprints import MASKING_KEY

LOOK_MARGIN = 30.0
"""Seconds that a look may be late before the next one counts as missing."""
UNHEARD_SECONDS = 20.0
"""A dispatcher that said nothing for so long, four of its reports, does not work."""
STALE_SECONDS = 10.0
"""A round that takes longer is a problem of its own: what it asks does not answer."""


class Health:
    """What the last round found; `run` makes one, and the answers wait for none.

    problems: why an alert would not be taken or paged. warnings: what else needs somebody.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        threads_work: Callable[[], bool],
        late: Callable[[], str | None],
    ) -> None:
        """late: what is wrong with the escalations."""
        self._settings = settings
        self._store = store
        self._threads_work = threads_work
        self._late = late
        self._problems: list[str] = []
        self._warnings: list[str] = []
        self._not_ready: list[str] = ["the dispatcher has not reported yet"]
        self._heard: dict[str, tuple[str, float]] = {}
        self._done_at = time.monotonic()

    @property
    def problems(self) -> list[str]:
        """Why an alert would not be taken and paged; empty when it would be."""
        found = list(self._problems)
        if not self._threads_work():
            found.append("the intake's background threads have died: restart the intake")
        if (silent := time.monotonic() - self._done_at) > STALE_SECONDS:
            found.append(f"the incident store has not answered for {silent:.0f} s")
        return found

    @property
    def warnings(self) -> list[str]:
        """What does not keep alerts from being taken, and needs somebody all the same."""
        return list(self._warnings)

    @property
    def not_ready(self) -> list[str]:
        """Why a runbook would not run; empty when it would."""
        return [*self.problems, *self._warnings, *self._not_ready]

    def run(self) -> None:
        """Find out once. Raises nothing of the store: that is what it finds out."""
        found = self._store.check_written(self._settings, "intake")
        self._problems = found.problems
        waiting = [each for each in (self._silent_pages(), self._looks_overdue()) if each]
        blind = standing_blindness(self._settings.targets, self._settings.home)
        waiting = [each for each in (self._late(), self._other_masks(), *waiting) if each]
        self._warnings = [*found.warnings, *waiting, *blind]
        self._not_ready = self._dispatchers()
        self._done_at = time.monotonic()

    def _silent_pages(self) -> str | None:
        try:
            return silent_pages(self._store)
        except AeefError:
            return None  # the store's own problem is named above

    def _other_masks(self) -> str | None:
        """One alert would be two incidents at two intakes."""
        try:
            return self._store.foreign_secrets().get(MASKING_KEY)
        except AeefError:
            return None  # the store's own problem is named above

    def _looks_overdue(self) -> str | None:
        """Looks that nobody makes: an alert may be a second outage, and nobody is paged for it."""
        after = timedelta(seconds=2 * (self._settings.relapse.look_within + LOOK_MARGIN))
        try:
            waiting = self._store.looks_due(after)
        except AeefError:
            return None  # the store's own problem is named above
        if not waiting:
            return None
        return f"{waiting} incidents wait for a look at their services: restart the intake"

    def _dispatchers(self) -> list[str]:
        """What the dispatchers say; one that finds nothing wrong is enough.

        Whether one lives is seen by its reports' changing, not by the clock of its machine.
        """
        try:
            reports = self._store.processes()
        except AeefError:
            return ["the dispatcher's reports cannot be read"]
        now = time.monotonic()
        for name, report in reports.items():
            if name not in self._heard:  # it may be what a dead one said last: only a change counts
                self._heard[name] = (report.seen_at, float("-inf"))
            elif self._heard[name][0] != report.seen_at:
                self._heard[name] = (report.seen_at, now)
        living = {
            name: report.problems
            for name, report in reports.items()
            if now - self._heard[name][1] <= UNHEARD_SECONDS
        }
        if not living:
            return ["no dispatcher reports, so no runbook starts: run `aeef up`"]
        return min(living.values(), key=len)
