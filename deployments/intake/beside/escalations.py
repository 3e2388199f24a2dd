"""Looks at the escalations in the store, and does each step when it is due."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import uuid4

from schemas.errors import AeefError
from schemas.escalation import EscalationState, Step, StepKind, next_step, to_do
from schemas.incident import Incident, route_for
from schemas.model import utc_now
from schemas.settings import Settings
from tasks.escalation.escalate import escalate
from tasks.store import DueEscalation, Moved, Store

AT_ONCE = 16
MOST = 500
"""Read in one round; the rest a second later."""
LEASE = timedelta(minutes=2)
"""As long as a page's claim (`tasks/store/once.py`): then a dead intake's step is taken over."""
TRY_AGAIN = timedelta(seconds=10)

log = logging.getLogger("aeef.escalations")


class Escalations:
    """Plans what has just begun, and does what is due; it asks the store and nobody else.

    current: the settings as they are now.
    """

    def __init__(self, store: Store, current: Callable[[], Settings]) -> None:
        self._store = store
        self._current = current
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="escalate")
        self._looked = False

    def run(self) -> None:
        """One round. Steps are done beside it: none waits for another."""
        if not self._looked:
            self._store.escalations.look_again()
            self._looked = True
        if due := self._store.escalations.due(MOST):
            self._round(due, self._current())

    def close(self) -> None:
        """Return when the steps that have begun are done."""
        self._pool.shutdown(wait=True)

    def _round(self, due: list[DueEscalation], settings: Settings) -> None:
        now = utc_now()
        moves, wanted = [], {}
        for state, incident in due:
            step = _step(state, incident, settings)
            if step is None or step.due > now:
                moves.append(Moved(state, state.done, step.due if step else None))
            else:
                wanted[state.incident_id] = (incident, step)
                moves.append(Moved(state, state.done, state.due_at, LEASE))
        for state in self._store.escalations.move(moves):
            if state.incident_id in wanted:
                self._pool.submit(self._do, state, *wanted[state.incident_id], settings)

    def _do(
        self, state: EscalationState, incident: Incident, step: Step, settings: Settings
    ) -> None:
        """Do one step; what fails is tried again, until the next step is due."""
        done = True
        try:
            escalate(incident, state, step, settings, holder=f"escalation {uuid4()}")
        except AeefError as error:
            log.error("%s", error)
            done = False
        except Exception:
            log.exception("an escalation of %s failed; it is tried again", incident.title)
            done = False
        try:
            self._settle(state, incident, step, settings, done=done)
        except AeefError as error:
            log.error("%s; the step is done again when its lease ends", error)

    def _settle(
        self,
        state: EscalationState,
        incident: Incident,
        step: Step,
        settings: Settings,
        *,
        done: bool,
    ) -> None:
        now = utc_now()
        after = state.model_copy(update={"done": step.number})
        later = _next(after, incident, settings)
        if done or (later is not None and later.due <= now):
            move = Moved(state, step.number, _moment(step, later, now))
        else:
            move = Moved(state, state.done, state.due_at, TRY_AGAIN)
        self._store.escalations.move([move])


def _moment(step: Step, later: Step | None, now: datetime) -> datetime | None:
    """When the later step is due; who was asked late, too, has a level's time for the answer."""
    if later is None:
        return None
    if step.kind is not StepKind.STILL_ON_IT or later.level is None:
        return later.due
    return max(later.due, now + (later.level.after or timedelta()))


def _step(state: EscalationState, incident: Incident, settings: Settings) -> Step | None:
    route = route_for(incident.severity, incident.type, settings.routes)
    return to_do(state, incident.status, route, settings.business_days, utc_now())


def _next(state: EscalationState, incident: Incident, settings: Settings) -> Step | None:
    route = route_for(incident.severity, incident.type, settings.routes)
    return next_step(state, incident.status, route, settings.business_days)
