"""Timers of the regulatory clocks: scheduled runs of `regulatory-clock/ring` in Prefect.

Prefect keeps them in its database: they survive restarts, and run late rather than never.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.exceptions import ObjectNotFound
from prefect.states import Scheduled

from schemas.breach import Clock, Standing
from schemas.errors import PermanentError
from schemas.incident import Incident
from schemas.model import utc_now

DEPLOYMENT = "regulatory-clock/ring"
AT_DUE, AT_START, AT_ONCE = "due", "start", "at once"
STARTS_WITHIN = timedelta(minutes=10)
"""A run that has been starting for longer than this died with its machine."""


class Timer(NamedTuple):
    """One moment at which a clock notifies people.

    point: seconds before the deadline; `start` when less time was left from the start;
    `at once` when it is due without undue delay; `due` for the alarm.
    """

    clock: Clock
    point: str
    at: datetime

    @property
    def due(self) -> str:
        """The deadline that this timer belongs to; a clock that moved has another."""
        return moment_of(self.clock)


def moment_of(clock: Clock) -> str:
    """When the clock is due, as text: `at once` when there is no such moment."""
    due = clock.deadline.due_at
    return due.isoformat(timespec="seconds") if due else "at once"


def timers_for(
    clocks: Iterable[Clock],
    before: Iterable[timedelta],
    now: datetime,
    spoken: Container[str] = (),
) -> list[Timer]:
    """The timers that the running clocks need from now on.

    spoken: `ring_name` of the clocks that have rung: they need no timer at the start.
    """
    spans = sorted(before, reverse=True)
    return [timer for clock in clocks for timer in _of_one(clock, spans, now, spoken)]


def ring_name(clock: Clock) -> str:
    """Identifies a clock and its present deadline: one that moved rings again."""
    return f"{clock.key}:{moment_of(clock)}"


def _of_one(
    clock: Clock, before: list[timedelta], now: datetime, spoken: Container[str]
) -> list[Timer]:
    due = clock.deadline.due_at
    if clock.standing is Standing.DUE_AT_ONCE and not clock.deadline.needs:
        return [Timer(clock, AT_ONCE, now)]
    if clock.standing is not Standing.RUNNING or due is None:
        return []
    if due <= now:
        return [Timer(clock, AT_DUE, now)]
    timers = [Timer(clock, point_of(span), due - span) for span in before if due - span > now]
    if clock.deadline.at_once:
        timers.insert(0, Timer(clock, AT_ONCE, now))
    elif len(timers) < len(before) and ring_name(clock) not in spoken:
        timers.insert(0, Timer(clock, AT_START, now))
    return [*timers, Timer(clock, AT_DUE, due)]


def point_of(span: timedelta) -> str:
    """The name of a reminder: its seconds before the deadline."""
    return f"{span.total_seconds():g} s before"


def _is_dead(state: State[Any] | None) -> bool:
    """True for a run that can no longer notify anybody, unless a person cancelled it."""
    if state is None:
        return False
    if state.is_pending():
        return state.timestamp < utc_now() - STARTS_WITHIN
    return state.is_failed() or state.is_crashed()


def schedule(incident: Incident, timers: Iterable[Timer]) -> int:
    """Create the timers in Prefect, keeping existing ones; return how many there are.

    A timer whose run died before it could notify anybody runs again.

    Raises PermanentError when the deployment is not registered.
    """
    made = 0
    with get_client(sync_client=True) as client:
        try:
            deployment = client.read_deployment_by_name(DEPLOYMENT)
        except ObjectNotFound:
            raise PermanentError(
                "Prefect", f"has no deployment {DEPLOYMENT}: run `aeef deploy`, then try again"
            ) from None
        for timer in timers:
            clock, incident_id = timer.clock, str(incident.incident_id)
            run = client.create_flow_run_from_deployment(
                deployment.id,
                parameters={
                    "incident_id": incident_id,
                    "regime": clock.deadline.regime,
                    "deadline": clock.deadline.name,
                    "due": timer.due,
                    "point": timer.point,
                },
                state=Scheduled(scheduled_time=timer.at),
                name=f"{incident.title} {clock.key} {timer.point}",
                tags=["aeef", "regulatory-clock"],
                idempotency_key=f"{incident_id}:{clock.key}:{timer.due}:{timer.point}",
            )
            if _is_dead(run.state):
                again: State[Any] = Scheduled(scheduled_time=timer.at)
                client.set_flow_run_state(run.id, again, force=True)
            made += 1
    return made
