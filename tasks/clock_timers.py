"""Timers of the regulatory clocks: scheduled runs of `regulatory-clock/respond` in Prefect.

Prefect keeps them in its database: they outlive restarts, and run late rather than never.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from prefect.client.orchestration import get_client
from prefect.exceptions import ObjectNotFound
from prefect.states import Scheduled

from schemas.clocks import Clock, Standing
from schemas.errors import PermanentError
from schemas.incident import Incident

DEPLOYMENT = "regulatory-clock/respond"
AT_DUE, AT_START, AT_ONCE = "due", "start", "at once"


class Timer(NamedTuple):
    """One moment at which a clock speaks.

    point: how many seconds before it is due, `start` when less was left from the beginning,
    `at once` when it is due without undue delay, `due` for the alarm.
    """

    clock: Clock
    point: str
    at: datetime

    @property
    def due(self) -> str:
        """The moment that this timer is about; a clock that moved has others."""
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
    """When the clocks that are running have to speak, from now on.

    spoken: `ring_name` of what spoke already: it needs no word at the start any more.
    """
    spans = sorted(before, reverse=True)
    return [timer for clock in clocks for timer in _of_one(clock, spans, now, spoken)]


def ring_name(clock: Clock) -> str:
    """Names a clock with its present deadline: one that moved speaks anew."""
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
    """The name of a reminder: its seconds before the end."""
    return f"{span.total_seconds():g} s before"


def schedule(incident: Incident, timers: Iterable[Timer]) -> int:
    """Make the timers in Prefect; one that is there already stays as it is. How many there are.

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
            client.create_flow_run_from_deployment(
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
            made += 1
    return made
