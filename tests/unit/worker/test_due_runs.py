"""Runs that wait for a place: sorted by priority, and none is lost."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prefect.client.schemas.objects import FlowRun, State, WorkPool, WorkQueue
from prefect.client.schemas.responses import WorkerFlowRunResponse
from prefect.states import AwaitingRetry, Cancelled, Completed, Paused, Pending, Running, Scheduled

from deployments.worker.due_runs import DueRuns, Heard, is_restricted, sort_asked, sort_heard
from deployments.worker.start_rate import StartRate
from schemas.incident import Severity

POOL, QUEUE = uuid4(), uuid4()
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SCHEDULE = "a schedule"


def a_run(name: str = "P1", **more: Any) -> FlowRun:
    """A scheduled run for an incident of the severity `name`, or of a schedule."""
    known = {
        "flow_id": uuid4(),
        "name": name,
        "parameters": {} if name == SCHEDULE else {"alert": {"severity": name}},
        "auto_scheduled": name == SCHEDULE,
        "state": Scheduled(scheduled_time=NOW),
        "next_scheduled_start_time": NOW,
        "work_queue_id": QUEUE,
    }
    return FlowRun(**{**known, **more})


def entry(run: FlowRun) -> WorkerFlowRunResponse:
    """The run as Prefect hands it to a worker."""
    return WorkerFlowRunResponse(work_pool_id=POOL, work_queue_id=QUEUE, flow_run=run)


def waiting(*names: str) -> tuple[DueRuns, list[UUID]]:
    """Runs with these names that wait, and their ids in the same order."""
    runs = [a_run(name) for name in names]
    due = DueRuns()
    due.add(entry(run) for run in runs)
    return due, [run.id for run in runs]


def names(entries: Iterable[WorkerFlowRunResponse]) -> list[str]:
    """The names of the runs."""
    return [each.flow_run.name for each in entries]


def test_the_most_urgent_comes_first() -> None:
    """Whatever the order in which they came; schedules are last."""
    due, _ = waiting(SCHEDULE, "P4", "P2", "P3", "P1")

    assert ["P1", "P2", "P3", "P4", SCHEDULE] == names(due.take(inf, 0))


def test_what_a_person_asks_for_is_as_urgent_as_p1() -> None:
    """A manual run without an alert has the highest priority; equal runs keep their order."""
    by_hand = a_run("by hand", parameters={})
    due, _ = waiting("P2", "P1")
    due.add([entry(by_hand)])

    assert ["P1", "by hand", "P2"] == names(due.take(inf, 0))


def test_what_has_no_place_stays() -> None:
    """It is taken when a place is free, before later runs of a lower priority."""
    due, _ = waiting("P3", "P1", "P2")
    first = names(due.take(1, 0))
    due.add([entry(a_run("P4"))])

    assert ["P1"] == first
    assert ["P2", "P3"] == names(due.take(2, 0))
    assert [] == due.take(0, 0)
    assert ["P4"] == names(due.take(1, 0))
    assert [] == due.take(inf, 0)


@pytest.mark.parametrize(
    ("places", "reserved", "taken"),
    [
        (4, 0, ["P1", "P2", "P3", "P4"]),
        (4, 1, ["P1", "P2", "P3"]),
        (4, 2, ["P1", "P2"]),
        (1, 1, ["P1"]),
        (2, 9, ["P1", "P2"]),
        (0, 0, []),
        (-1, 0, []),
        (inf, 3, ["P1", "P2", "P3", "P4"]),
    ],
)
def test_reserved_places_are_for_urgent_runs(
    places: float, reserved: int, taken: list[str]
) -> None:
    """P1 and P2 may have the last places, the others may not."""
    due, _ = waiting("P4", "P3", "P2", "P1")

    assert taken == names(due.take(places, reserved))


def test_a_run_that_is_being_started_is_dropped() -> None:
    """It takes no place from another run, and is not returned again."""
    due, ids = waiting("P1", "P2", "P3")

    assert ["P2"] == names(due.take(1, 0, being_started={ids[0]}))
    assert ["P3"] == names(due.take(inf, 0))


def test_a_run_that_is_heard_of_twice_is_taken_once() -> None:
    """The newer of the two is kept."""
    run = a_run("P3")
    due = DueRuns()
    due.add([entry(run)])
    due.add([entry(run.model_copy(update={"name": "newer"}))])

    assert ["newer"] == names(due.take(inf, 0))


def test_an_answer_that_was_on_its_way_does_not_start_a_run_again() -> None:
    """It was asked for before the run was taken; the next answer counts, as after a retry."""
    due, _ = waiting("P1")
    asked_at = time.monotonic()
    taken = due.take(inf, 0)

    due.add(taken, asked_at)
    assert [] == due.take(inf, 0)

    due.add(taken, time.monotonic())
    assert ["P1"] == names(due.take(inf, 0))


def test_what_was_due_before_can_be_forgotten() -> None:
    """Prefect said what is due, and no more is: one of the others was cancelled, for instance."""
    due, _ = waiting("P1", "P2")
    due.add([entry(a_run("P3"))])
    due.clear()
    due.add([entry(a_run("P4"))])

    assert ["P4"] == names(due.take(inf, 0))


@given(
    severities=st.lists(st.sampled_from([*map(str, Severity), SCHEDULE])),
    rounds=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3))),
    started=st.sets(st.integers(0, 9)),
)
def test_no_run_is_lost_or_taken_twice(
    severities: list[str], rounds: list[tuple[int, int]], started: set[int]
) -> None:
    """However many places: in the end each run was taken once, except those being started."""
    due, ids = waiting(*severities)
    being_started = {each for number, each in enumerate(ids) if number in started}
    taken = []
    for places, reserved in rounds:
        now = due.take(places, reserved, being_started)
        assert len(now) <= places
        taken += now
    taken += due.take(inf, 0, being_started)

    assert sorted(set(ids) - being_started) == sorted(each.flow_run.id for each in taken)


def test_a_run_that_is_heard_of_is_due() -> None:
    """It is returned as Prefect would, with its queue and our pool."""
    runs = [a_run("P2"), a_run("P1", next_scheduled_start_time=None)]

    heard = sort_heard({run.id for run in runs}, runs, POOL, NOW)

    assert Heard([entry(run) for run in runs], {}, set()) == heard


def test_a_run_that_is_due_later_says_when() -> None:
    """Each of them does."""
    times = [NOW + timedelta(seconds=seconds) for seconds in (60, 5, 30)]
    runs = [a_run(next_scheduled_start_time=each) for each in times]
    now = a_run("now")

    heard = sort_heard({run.id for run in runs}, [*runs, now], POOL, NOW)

    later = {run.id: time for run, time in zip(runs, times, strict=True)}
    assert (["now"], later) == (names(heard.due), heard.later)


def test_what_prefect_says_is_sorted_the_same_way() -> None:
    """Prefect also returns what is due soon."""
    soon = a_run(next_scheduled_start_time=NOW + timedelta(seconds=9))
    past = a_run("past", next_scheduled_start_time=NOW)

    asked = sort_asked([entry(soon), entry(past), entry(a_run("plain"))], NOW)

    assert (["past", "plain"], {soon.id: soon.next_scheduled_start_time}) == (
        names(asked.due),
        asked.later,
    )


@pytest.mark.parametrize(
    "state",
    [None, Pending(), Running(), Paused(), Cancelled(), Completed()],
    ids=lambda state: state.name if state else "none",
)
def test_a_run_that_is_no_longer_scheduled_is_left_out(state: State[Any] | None) -> None:
    """Another worker started it, or it was cancelled; it is dropped."""
    run = a_run(state=state)

    assert Heard([], {}, set()) == sort_heard({run.id}, [run], POOL, NOW)


def test_a_run_that_is_to_be_tried_again_is_due() -> None:
    """Its state is scheduled too, with another name."""
    run = a_run(state=AwaitingRetry(scheduled_time=NOW))

    assert Heard([entry(run)], {}, set()) == sort_heard({run.id}, [run], POOL, NOW)


def test_a_run_without_a_queue_is_left_out() -> None:
    """Such a run is not for a worker."""
    run = a_run(work_queue_id=None)

    assert Heard([], {}, set()) == sort_heard({run.id}, [run], POOL, NOW)


def test_a_run_that_prefect_does_not_show_yet_is_unseen() -> None:
    """Its event arrived before it was in the database."""
    unseen, run = uuid4(), a_run()

    heard = sort_heard({unseen, run.id}, [run], POOL, NOW)

    assert Heard([entry(run)], {}, {unseen}) == heard


def restricted(pool: dict[str, Any], *queues: dict[str, Any]) -> bool:
    """The result for this pool with these queues."""
    real = (WorkQueue(name=str(n), work_pool_id=POOL, **queue) for n, queue in enumerate(queues))
    return is_restricted(WorkPool(name="aeef", type="aeef-warm", **pool), real)


@pytest.mark.parametrize(
    "queues", [[], [{}], [{}, {}], [{"priority": 3}, {"priority": 3}]], ids=len
)
def test_a_pool_where_all_are_alike_is_not_restricted(queues: list[dict[str, Any]]) -> None:
    """Then the worker need not ask Prefect which run may start."""
    assert not restricted({}, *queues)


@pytest.mark.parametrize(
    ("pool", "queues"),
    [
        ({"is_paused": True}, [{}]),
        ({"concurrency_limit": 3}, [{}]),
        ({"concurrency_limit": 0}, []),
        ({}, [{}, {"is_paused": True}]),
        ({}, [{}, {"concurrency_limit": 3}]),
        ({}, [{"concurrency_limit": 0}]),
        ({}, [{"priority": 1}, {"priority": 2}]),
    ],
)
def test_a_limit_a_pause_or_an_order_restricts(
    pool: dict[str, Any], queues: list[dict[str, Any]]
) -> None:
    """A limit or pause of the pool or of any of its queues."""
    assert restricted(pool, *queues)


def test_a_few_runs_begin_at_once() -> None:
    """The next starts when one is over; waiting runs keep their order."""
    due, ids = waiting("P2", "P4", "P3", "P1")
    pace = StartRate(at_once=2)

    assert ["P1", "P2"] == names(due.take(inf, 0, lets=pace.lets))
    assert [] == due.take(inf, 0, lets=pace.lets)
    pace.is_over(ids[0])
    assert ["P3"] == names(due.take(inf, 0, lets=pace.lets))


def test_what_is_less_urgent_never_holds_up_what_is_urgent() -> None:
    """P1 and P2 wait only for each other."""
    pace = StartRate(at_once=1)

    begun = [pace.lets(a_run(name)) for name in ("P4", "P3", "P1", "P2")]

    assert [True, False, True, False] == begun


def test_a_run_that_goes_on_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """By then it waits for something other than the processor."""
    pace = StartRate(at_once=1)
    assert pace.lets(a_run())
    monkeypatch.setattr("deployments.worker.start_rate.BEGINS_SECONDS", 0.0)

    assert pace.lets(a_run())


def test_what_is_due_by_an_old_answer_is_not_started_twice() -> None:
    """Prefect was asked before the run was taken, and answers while it runs, or after its end."""
    due, run = DueRuns(), a_run()
    asked_at = time.monotonic()
    due.add([entry(run)])
    assert [run.id] == [each.flow_run.id for each in due.take(inf, 0)]

    due.add([entry(run)])  # an event names it once more, whatever it was for
    assert [] == due.take(inf, 0, {run.id})
    assert due.is_over(run.id), "its state is to be read: somebody may have retried it"
    due.add([entry(run)], asked_at)
    assert [] == due.take(inf, 0)
    assert not due.is_over(run.id)

    due.add([entry(run)], time.monotonic())  # asked after its end: it was retried
    assert [run.id] == [each.flow_run.id for each in due.take(inf, 0)]


def of(service: str, severity: str = "P1", sender: str = "am") -> FlowRun:
    """A run for a service; its name is the service's."""
    alert = {"severity": severity, "service": service, "sender": sender}
    return a_run(service, parameters={"alert": alert})


def queued(*services: str) -> DueRuns:
    """Runs for these services, which came in this order."""
    due = DueRuns()
    due.add(entry(of(service)) for service in services)
    return due


def test_a_service_in_a_storm_does_not_starve_another() -> None:
    """Each in turn, whether they are taken at once or one by one."""
    at_once = queued(*["shop"] * 600, "till")
    one_by_one = queued(*["shop"] * 600, "till")

    assert ["shop", "till", "shop"] == names(at_once.take(3, 0))
    assert ["shop", "till", "shop"] == [*map(str, (names(one_by_one.take(1, 0))[0]
                                                  for _ in range(3)))]  # fmt: skip


def test_a_sender_with_many_services_does_not_starve_another() -> None:
    """Among services that are as due as each other, the senders take turns."""
    due = DueRuns()
    due.add(entry(of(f"shop-{number}", sender="broken")) for number in range(600))
    due.add([entry(of("till", sender="good"))])

    assert ["shop-0", "till"] == [names(due.take(1, 0))[0] for _ in range(2)]


def test_urgency_goes_before_fairness() -> None:
    """A P1 of the service in the storm is begun before the first P2 of another."""
    due = DueRuns()
    due.add([entry(of("till", "P2")), *(entry(of("shop")) for _ in range(3))])

    assert ["shop", "shop", "shop", "till"] == names(due.take(inf, 0))


def test_the_last_place_is_for_a_service_that_has_none() -> None:
    """Rollbacks of one service wait for each other anyway, and would fill every place."""
    due = queued(*["shop"] * 9)
    first = due.take(4, 0, apart=1)
    due.add([entry(of("till"))])

    assert ["shop"] * 3 == names(first)
    assert [] == due.take(0, 0, apart=1)
    assert ["till"] == names(due.take(1, 0, apart=1))
    due.is_over(first[0].flow_run.id)
    assert [] == due.take(1, 0, apart=1)
    for each in first:
        due.is_over(each.flow_run.id)
    assert ["shop"] == names(due.take(1, 0, apart=1))
