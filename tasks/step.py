"""The decorator of all steps: retries, timeout, stored result, record and audit."""

from __future__ import annotations

import functools
import hashlib
import inspect
import logging
import time
import traceback
from collections.abc import Callable
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, cast
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from prefect import Task, get_run_logger, task
from prefect.cache_policies import CacheKeyFnPolicy
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import FlowRunContext, TaskRunContext
from prefect.futures import PrefectFuture
from prefect.utilities.hashing import hash_objects

from schemas.errors import (
    AeefError,
    ConfigurationError,
    PageNotDelivered,
    TemporaryError,
    UnexpectedError,
    Withheld,
)
from schemas.settings import RetrySettings, Settings, load_settings
from tasks.base.redact import redact
from tasks.base.trim import clean
from tasks.case import RUNBOOK, Case
from tasks.store import open_store
from tasks.store.sanitize import mask_error, sanitized

P = ParamSpec("P")
R = TypeVar("R")

LONGEST_WISH = 60.0
"""The most seconds that a step waits at a service's request (`Retry-After`)."""


def worth_retrying(error: BaseException) -> bool:
    """True when the step may succeed later: on TemporaryError, or when nobody was paged."""
    return isinstance(error, TemporaryError | PageNotDelivered)


_STEPS: list[Step[..., Any]] = []


def prepare_steps() -> None:
    """Make the tasks of every imported step, with `[retry]` as it is now, once before a fork."""
    for each in _STEPS:
        for has_timeout in (True, False):
            each.task_of(_retry_settings(), has_timeout=has_timeout)


class Step(Generic[P, R]):
    """One step of a procedure: a function of a `Case`, run through Prefect or directly.

    Either way its success or failure is recorded, under an id made of the flow run, the step and
    its arguments, and before Prefect stores the result: whenever the process dies, a retry of the
    run records it exactly once. A failure is recorded once per retry of the run. Errors are raised
    without secrets and personal data, because Prefect logs them.
    """

    def __init__(
        self,
        function: Callable[Concatenate[Case, P], R],
        name: str,
        says: Callable[[R], str | None],
        timeout: float,
    ) -> None:
        self.name = name
        self._function = function
        self.says = says
        self._timeout = timeout
        self.task_of = functools.cache(self._made)
        functools.update_wrapper(self, function)
        _STEPS.append(self)

    def __call__(self, incident_id: str, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run it as a task of this flow run, with the retries of `[retry]` and a stored result."""
        return self.task_of(_retry_settings())(incident_id, *args, **kwargs)

    def submit(self, incident_id: str, *args: P.args, **kwargs: P.kwargs) -> PrefectFuture[R]:
        """Run it as `__call__` does, concurrently with what follows."""
        # No timeout: Prefect cannot interrupt a thread, and would warn of that in every run. Steps
        # that run concurrently only call outside services, whose clients have timeouts.
        threaded = self.task_of(_retry_settings(), has_timeout=False)
        return threaded.submit(incident_id, *args, **kwargs)

    def directly(self, incident_id: str, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run it once, in this process, without Prefect."""
        return self.by(None, incident_id, *args, **kwargs)

    def by(self, person: str | None, incident_id: str, *args: P.args, **kwargs: P.kwargs) -> R:
        """As `directly`; recorded as done by this person, if given."""
        return self._run(person, 1, incident_id, *args, **kwargs)

    def _run(
        self, person: str | None, attempts: int, incident_id: str, *args: P.args, **kwargs: P.kwargs
    ) -> R:
        settings = load_settings()
        attempt = _Attempt(self.name, incident_id, (args, kwargs), person, attempts)
        try:
            case = Case(incident_id, settings, this_run(), person)
            result = self._function(case, *args, **kwargs)
        except (AeefError, TimeoutError) as error:
            attempt.failed(error, settings)
            mask_error(error, settings)
            raise
        except Exception as error:  # noqa: BLE001 - re-raised without its secrets
            attempt.failed(error, settings)
            # Prefect logs an exception with its whole chain.
            log_line(sanitized(traceback.format_exc(), settings))
            raise UnexpectedError(sanitized(f"{type(error).__name__}: {error}", settings)) from None
        if said := self.says(result):
            attempt.done(said, settings)
        return result

    def _made(
        self, policy: RetrySettings, *, has_timeout: bool = True
    ) -> Task[Concatenate[str, P], R]:
        def recorded(incident_id: str, *args: P.args, **kwargs: P.kwargs) -> R:
            return self._run(None, policy.attempts, incident_id, *args, **kwargs)

        functools.update_wrapper(recorded, self._function)
        # Prefect makes the key of the stored result from the parameters' names.
        _first, *rest = inspect.signature(self._function).parameters.values()
        incident = inspect.Parameter("incident_id", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        recorded.__signature__ = inspect.Signature([incident, *rest])  # type: ignore[attr-defined]
        made = task(
            name=self.name,
            task_run_name=self.name,
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
            timeout_seconds=self._timeout if has_timeout else None,
        )(recorded)
        return cast("Task[Concatenate[str, P], R]", made)


def step(
    name: str,
    *,
    says: Callable[[R], str | None],
    timeout: float,
) -> Callable[[Callable[Concatenate[Case, P], R]], Step[P, R]]:
    """Make a step from a function whose first argument is the `Case`.

    says: the record's sentence, given the result; None: record nothing (somebody else did it).
    timeout: seconds for one attempt in Prefect; the longest waits inside have their own.
    """
    return lambda function: Step(function, name, says, timeout)


def verbatim(text: str) -> str:
    """For `says`: the result itself is the sentence to record."""
    return text


def log_line(text: str, level: int = logging.INFO) -> None:
    """Log one line of progress: to the run in Prefect, or to our log outside a run."""
    if in_flow_run():
        get_run_logger().log(level, clean(text))
    else:
        logging.getLogger("aeef").log(level, clean(text))


def in_flow_run() -> bool:
    """True in a flow run or one of its tasks, where Prefect's server is available."""
    return bool(TaskRunContext.get() or FlowRunContext.get())


def this_run() -> str:
    """The name under which a step holds claims, the same for a retry of the flow run."""
    context = TaskRunContext.get()
    if context is None:
        return f"call {uuid4()}"
    return f"run {context.task_run.flow_run_id or context.task_run.id}"


class _Attempt:
    """One attempt of a step, of `attempts` that were allowed when it began."""

    def __init__(
        self, name: str, incident_id: str, given: tuple[Any, Any], person: str | None, attempts: int
    ) -> None:
        context = TaskRunContext.get()
        self.name, self.person, self.attempts = name, person, attempts
        self.incident_id = incident_id
        self.task_run: TaskRun | None = context.task_run if context else None
        # Without Prefect there are no retries: each call gets its own entry.
        run_id = (self.task_run.flow_run_id or self.task_run.id) if self.task_run else uuid4()
        arguments = hashlib.sha256((hash_objects(*given) or repr(given)).encode()).hexdigest()
        self.identity = f"aeef:{incident_id}/{run_id}/{name}/{arguments}"

    def done(self, text: str, settings: Settings) -> None:
        log_line(sanitized(text, settings))
        self._record(text, "done", settings)

    def failed(self, error: Exception, settings: Settings) -> None:
        """Record a final failure; before another attempt, only wait as the service asked."""
        attempt = self.task_run.run_count if self.task_run else 1
        if worth_retrying(error) and attempt < self.attempts:
            time.sleep(min(getattr(error, "retry_after", None) or 0.0, LONGEST_WISH))
            return
        reason = str(error) if isinstance(error, AeefError) else f"{type(error).__name__}: {error}"
        run_count = self.task_run.flow_run_run_count if self.task_run else 1
        failed = "" if isinstance(error, Withheld) else f"FAILED: {self.name}: "
        text = redact(f"{failed}{reason}", settings)
        self._record(text, f"failed {run_count}", settings)

    def _record(self, text: str, outcome: str, settings: Settings) -> None:
        entry: UUID = uuid5(NAMESPACE_URL, f"{self.identity}/{outcome}")
        open_store(settings).record_action(
            self.incident_id,
            text,
            actor=self.person or RUNBOOK,
            automated=self.person is None,
            entry_id=entry,
        )


def _same_run_same_arguments(context: TaskRunContext, arguments: dict[str, Any]) -> str | None:
    flow_run_id = context.task_run.flow_run_id
    if flow_run_id is None:
        return None
    return hash_objects(str(flow_run_id), context.task.name, arguments)


def _failed_for_now(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    error = state.result(raise_on_failure=False)
    return isinstance(error, BaseException) and worth_retrying(error)


def _retry_settings() -> RetrySettings:
    """The configured retries; defaults for invalid settings, which the first step reports."""
    try:
        return load_settings().retry
    except ConfigurationError:
        return RetrySettings()
