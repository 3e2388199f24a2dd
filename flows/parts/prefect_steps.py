"""Runs steps as Prefect tasks: with retries, a timeout and a stored result."""

from __future__ import annotations

import functools
import inspect
from typing import Any, ParamSpec, TypeVar, cast

from prefect import Task, get_run_logger, task
from prefect.cache_policies import CacheKeyFnPolicy
from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext, TaskRunContext
from prefect.futures import PrefectFuture
from prefect.utilities.hashing import hash_objects

from schemas.errors import ConfigurationError
from schemas.settings import RetrySettings, load_settings
from tasks.rollback.one_at_a_time import take_turns_by
from tasks.rollback.prefect_turn import prefect_turn
from tasks.step import STEPS, Place, Step, find_place_by, worth_retrying
from tasks.store.database.patience import wait_for_database

P = ParamSpec("P")
R = TypeVar("R")


def run_step(step: Step[P, R], incident_id: str, *args: P.args, **kwargs: P.kwargs) -> R:
    """Run it as a task of this flow run, with the retries of `[retry]` and a stored result."""
    made: Any = _task_of(step, _retry_settings())
    return cast("R", made(incident_id, *args, **kwargs))


def submit_step(
    step: Step[P, R], incident_id: str, *args: P.args, **kwargs: P.kwargs
) -> PrefectFuture[R]:
    """Run it as `run_step` does, concurrently with what follows."""
    # No timeout: Prefect cannot interrupt a thread, and would warn of that in every run. Steps
    # that run concurrently only call outside services, whose clients have timeouts.
    made: Any = _task_of(step, _retry_settings(), has_timeout=False)
    return cast("PrefectFuture[R]", made.submit(incident_id, *args, **kwargs))


def prepare_steps() -> None:
    """Make the tasks of every imported step, with `[retry]` as it is now, once before a fork."""
    for each in STEPS:
        for has_timeout in (True, False):
            _task_of(each, _retry_settings(), has_timeout=has_timeout)


@functools.cache
def _task_of(
    step: Step[..., Any], policy: RetrySettings, *, has_timeout: bool = True
) -> Task[..., Any]:
    def recorded(incident_id: str, *args: Any, **kwargs: Any) -> Any:
        return step.directly(incident_id, *args, **kwargs)

    functools.update_wrapper(recorded, step.function)
    # Prefect makes the key of the stored result from the parameters' names.
    _first, *rest = inspect.signature(step.function).parameters.values()
    incident = inspect.Parameter("incident_id", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    recorded.__signature__ = inspect.Signature([incident, *rest])  # type: ignore[attr-defined]
    return task(
        name=step.name,
        task_run_name=step.name,
        # No tags: for each task Prefect would query its server for their limits.
        persist_result=True,
        # Not the task's source: an upgrade must not make a half-done run start again.
        cache_policy=CacheKeyFnPolicy(cache_key_fn=_same_run_same_arguments),
        retries=policy.attempts - 1,
        retry_delay_seconds=[
            min(policy.first_wait * 2**attempt, policy.longest_wait)
            for attempt in range(policy.attempts - 1)
        ],
        retry_jitter_factor=0.5,
        retry_condition_fn=_failed_for_now,
        timeout_seconds=step.timeout if has_timeout else None,
    )(recorded)


def _present_place() -> Place | None:
    """The flow run of the present context, and in a task its attempt; None outside a run."""
    if task_run := TaskRunContext.get():
        run = task_run.task_run
        given = {k: value for k, value in task_run.parameters.items() if k != "incident_id"}
        return Place(
            log=_log,
            run_id=run.flow_run_id or run.id,
            run_count=run.flow_run_run_count,
            identity=hash_objects(given) or repr(given),
            attempt=run.run_count,
            attempts=1 + task_run.task.retries,
        )
    flow_run = FlowRunContext.get()
    if flow_run is None or flow_run.flow_run is None:
        return None
    return Place(_log, flow_run.flow_run.id, flow_run.flow_run.run_count)


def _log(level: int, text: str) -> None:
    get_run_logger().log(level, text)


def _same_run_same_arguments(context: TaskRunContext, arguments: dict[str, Any]) -> str | None:
    flow_run_id = context.task_run.flow_run_id
    if flow_run_id is None:
        return None
    return hash_objects(str(flow_run_id), context.task.name, arguments)


def _failed_for_now(_task: Task[..., Any], _run: Any, state: State[Any]) -> bool:
    error = state.result(raise_on_failure=False)
    return isinstance(error, BaseException) and worth_retrying(error)


def _retry_settings() -> RetrySettings:
    """The configured retries; defaults for invalid settings, which the first step reports."""
    try:
        return load_settings().retry
    except ConfigurationError:
        return RetrySettings()


def _seconds_for_the_store() -> float:
    """How long a run waits for a store that is away; whatever else imports this does not wait."""
    try:
        return load_settings().takeover.store_within if FlowRunContext.get() else 0.0
    except ConfigurationError:
        return 0.0


find_place_by(_present_place)
take_turns_by(prefect_turn)
wait_for_database(_seconds_for_the_store)
