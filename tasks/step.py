"""The one decorator of every acting task: retries, timeout, kept result, record and audit."""

from __future__ import annotations

import functools
import hashlib
import logging
import time
import traceback
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from prefect import Task, get_run_logger, task
from prefect.cache_policies import CacheKeyFnPolicy
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import FlowRunContext, TaskRunContext
from prefect.utilities.hashing import hash_objects

from schemas.errors import (
    AeefError,
    ConfigurationError,
    PageNotDelivered,
    TemporaryError,
    UnexpectedError,
)
from schemas.settings import RetrySettings, Settings, load_settings
from tasks.base.redact import redact
from tasks.store import open_store
from tasks.store.sanitize import mask_error, tellable

P = ParamSpec("P")
R = TypeVar("R")

LONGEST_WISH = 60.0
"""Seconds that a step waits at most because a service asked for it (`Retry-After`)."""


def worth_retrying(error: BaseException) -> bool:
    """True when the same step may succeed later: the integration said so, or nobody was paged."""
    return isinstance(error, TemporaryError | PageNotDelivered)


def step(
    name: str,
    *,
    says: Callable[[R], str | None],
    timeout: float,
) -> Callable[[Callable[Concatenate[str, P], R]], Task[Concatenate[str, P], R]]:
    """Make a Prefect task, with our policy, of a function whose first argument is the incident id.

    says: what the record will say, given the result; None says nothing (someone else did it).
    timeout: seconds for one attempt; the longest waits inside have their own.

    The action is written before Prefect keeps the result, under an id made of the flow run, the
    step and its arguments: whenever the process dies, a retry of the run writes it exactly once.
    A failure is written too, once per retry of the run.
    """
    policy = _retry_settings()

    def decorate(function: Callable[Concatenate[str, P], R]) -> Task[Concatenate[str, P], R]:
        @functools.wraps(function)
        def recorded(incident_id: str, *args: P.args, **kwargs: P.kwargs) -> R:
            settings = load_settings()
            run = _Attempt(name, incident_id, hash_objects(args, kwargs) or repr((args, kwargs)))
            try:
                result = function(incident_id, *args, **kwargs)
            except (AeefError, TimeoutError) as error:
                run.failed(error, settings, policy)
                mask_error(error, settings)
                raise
            except Exception as error:  # noqa: BLE001 - raised again, without its secrets
                run.failed(error, settings, policy)
                # Prefect logs what is raised, with everything that it came from.
                log_line(tellable(traceback.format_exc(), settings))
                told = tellable(f"{type(error).__name__}: {error}", settings)
                raise UnexpectedError(told) from None
            text = says(result)
            if text:
                run.done(text, settings)
            return result

        policied = task(
            name=name,
            task_run_name=name,
            # No tags: Prefect would ask its server for each task whether a limit belongs to them.
            persist_result=True,
            # Not the source of the task: an upgrade must not make a half-done run begin again.
            cache_policy=CacheKeyFnPolicy(cache_key_fn=_same_run_same_arguments),
            retries=policy.attempts - 1,
            retry_delay_seconds=[
                min(policy.first_wait * 2**attempt, policy.longest_wait)
                for attempt in range(policy.attempts - 1)
            ],
            retry_jitter_factor=0.5,
            retry_condition_fn=_failed_for_now,
            timeout_seconds=timeout,
        )
        return policied(recorded)

    return decorate


def log_line(text: str) -> None:
    """Log one line of progress: to the run in Prefect, or to our log when there is none."""
    if TaskRunContext.get() or FlowRunContext.get():
        get_run_logger().info(text)
    else:
        logging.getLogger("aeef").info(text)


def this_run() -> str:
    """The name under which a step holds claims: a retry of the same flow run has the same."""
    context = TaskRunContext.get()
    if context is None:
        return f"call {uuid4()}"
    return f"run {context.task_run.flow_run_id or context.task_run.id}"


class _Attempt:
    """One attempt of a step: knows its ids and writes what came of it."""

    def __init__(self, name: str, incident_id: str, arguments: str) -> None:
        context = TaskRunContext.get()
        self.name = name
        self.incident_id = incident_id
        self.task_run: TaskRun | None = context.task_run if context else None
        run_id = self.task_run and (self.task_run.flow_run_id or self.task_run.id)
        arguments = hashlib.sha256(arguments.encode()).hexdigest()
        self.identity = f"aeef:{incident_id}/{run_id}/{name}/{arguments}"

    def done(self, text: str, settings: Settings) -> None:
        log_line(tellable(text, settings))
        self._record(text, "done", settings)

    def failed(self, error: Exception, settings: Settings, policy: RetrySettings) -> None:
        """Record a failure for good; before another attempt only wait as long as was asked."""
        attempt = self.task_run.run_count if self.task_run else 1
        if worth_retrying(error) and attempt < policy.attempts:
            wish = getattr(error, "retry_after", None) or 0.0
            time.sleep(min(wish, LONGEST_WISH))
            return
        reason = str(error) if isinstance(error, AeefError) else f"{type(error).__name__}: {error}"
        run_count = self.task_run.flow_run_run_count if self.task_run else 1
        text = redact(f"FAILED: {self.name}: {reason}", settings)
        self._record(text, f"failed {run_count}", settings)

    def _record(self, text: str, outcome: str, settings: Settings) -> None:
        entry: UUID = uuid5(NAMESPACE_URL, f"{self.identity}/{outcome}")
        open_store(settings).record_action(self.incident_id, text, entry_id=entry)


def _same_run_same_arguments(context: TaskRunContext, arguments: dict[str, Any]) -> str | None:
    flow_run_id = context.task_run.flow_run_id
    if flow_run_id is None:
        return None
    return hash_objects(str(flow_run_id), context.task.name, arguments)


def _failed_for_now(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    error = state.result(raise_on_failure=False)
    return isinstance(error, BaseException) and worth_retrying(error)


def _retry_settings() -> RetrySettings:
    """The configured retries; the defaults when settings are wrong: the first step says so."""
    try:
        return load_settings().retry
    except ConfigurationError:
        return RetrySettings()
