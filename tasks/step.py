"""The decorator of all steps: record, audit and errors without secrets. It knows no Prefect.

`flows/parts/prefect_steps.py` runs steps as Prefect tasks, with retries and stored results.
"""

from __future__ import annotations

import hashlib
import inspect
import logging
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from schemas.automation import Act
from schemas.errors import (
    AeefError,
    NotConfirmed,
    PageNotDelivered,
    TemporaryError,
    UnexpectedError,
    Withheld,
)
from schemas.figures import ACTS, Done, DoneBy, Moment
from schemas.settings import Settings, load_settings
from tasks.base.redact import redact
from tasks.base.trim import clean
from tasks.case import RUNBOOK, Case
from tasks.store import open_store
from tasks.store.claim_keys import RUN
from tasks.store.database.disk import in_words
from tasks.store.sanitize import mask_error, sanitized
from tasks.store.tallies import Count

P = ParamSpec("P")
R = TypeVar("R")

LONGEST_WISH = 60.0
"""The most seconds that a step waits at a service's request (`Retry-After`)."""

STEPS: list[Step[..., Any]] = []
"""Every step of an imported module."""


@dataclass(frozen=True)
class Place:
    """The flow run in which something happens.

    log: writes a line to the run. run_id: the flow run's id. run_count: which start of it this is.
    identity: what identifies a step's arguments, the same in a retry. attempt: which attempt of
    the step this is, of `attempts`.
    """

    log: Callable[[int, str], object]
    run_id: UUID
    run_count: int = 1
    identity: str = ""
    attempt: int = 1
    attempts: int = 1


def _nowhere() -> Place | None:
    return None


_find_place: Callable[[], Place | None] = _nowhere


def find_place_by(find: Callable[[], Place | None]) -> None:
    """Ask this which flow run a step or a log line belongs to; set by what runs flows."""
    global _find_place  # noqa: PLW0603 - one per process, as Prefect's own context is
    _find_place = find


def worth_retrying(error: BaseException) -> bool:
    """True when the step may succeed later: on TemporaryError, or when nobody was paged."""
    return isinstance(error, TemporaryError | PageNotDelivered)


def _never(_result: object) -> bool:
    return False


class Step(Generic[P, R]):
    """One step of a procedure: a function of a `Case`, run in a flow run or directly.

    Either way its success or failure is recorded, under an id made of the flow run, the step and
    its arguments, and before a result is stored: whenever the process dies, a retry of the run
    records it exactly once. A failure is recorded once per retry of the run. Errors are raised
    without secrets and personal data, because they are logged.

    timeout: seconds for one attempt in a flow run.
    act: see `step`. contains: whether its result is that the damage was seen to be stopped.
    """

    def __init__(
        self,
        function: Callable[Concatenate[Case, P], R],
        name: str,
        says: Callable[[R], str | None],
        timeout: float,
        act: Act | None = None,
        contains: Callable[[R], bool] = _never,
    ) -> None:
        self.name = name
        self.act = act
        self.function = function
        self.says = says
        self.timeout = timeout
        self.contains = contains
        self.__doc__ = function.__doc__
        STEPS.append(self)

    def directly(self, incident_id: str, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run it once, in this process."""
        return self.by(None, incident_id, *args, **kwargs)

    def by(self, person: str | None, incident_id: str, *args: P.args, **kwargs: P.kwargs) -> R:
        """As `directly`; recorded as done by this person, if given."""
        settings = load_settings()
        counted = self._counted(person, *args, **kwargs)
        attempt = _Attempt(self.name, incident_id, person, _find_place(), counted)
        try:
            case = Case(incident_id, settings, this_run(), person)
            result = self.function(case, *args, **kwargs)
        except (AeefError, TimeoutError) as error:
            attempt.failed(error, settings)
            mask_error(error, settings)
            raise
        except Exception as error:  # noqa: BLE001 - re-raised without its secrets
            attempt.failed(error, settings)
            # Prefect logs an exception with its whole chain.
            log_line(sanitized(traceback.format_exc(), settings))
            raise UnexpectedError(sanitized(_in_words(error, self.name), settings)) from None
        if said := self.says(result):
            moment = Moment.CONTAINED if self.contains(result) else None
            attempt.done(said, settings, moment)
        return result

    def _counted(self, person: str | None, *args: P.args, **kwargs: P.kwargs) -> dict[str, str]:
        """The labels of an act for the metrics, but what came of it; empty: it is no act."""
        if self.act is None:
            return {}
        given = inspect.signature(self.function).bind_partial(None, *args, **kwargs).arguments
        asked_by = person or given.get("asked_by") or given.get("approver")
        return {"act": self.act, "by": DoneBy.PERSON if asked_by else DoneBy.AUTOMATION}


def step(
    name: str,
    *,
    says: Callable[[R], str | None],
    timeout: float,
    act: Act | None = None,
    contains: Callable[[R], bool] = _never,
) -> Callable[[Callable[Concatenate[Case, P], R]], Step[P, R]]:
    """Make a step from a function whose first argument is the `Case`.

    says: the record's sentence, given the result; None: record nothing (somebody else did it).
    timeout: seconds for one attempt in a flow run; the longest waits inside have their own.
    act: what it does outside, which the metrics count.
    contains: whether, given the result, the damage was seen to be stopped: for the figures.
    """
    return lambda function: Step(function, name, says, timeout, act, contains)


def verbatim(text: str) -> str:
    """For `says`: the result itself is the sentence to record."""
    return text


def log_line(text: str, level: int = logging.INFO) -> None:
    """Log one line of progress: to the flow run, or to our log outside a run."""
    place = _find_place()
    write = place.log if place else logging.getLogger("aeef").log
    write(level, clean(text))


def in_flow_run() -> bool:
    """True in a step of a flow run, where Prefect's server is available."""
    return _find_place() is not None


def this_run() -> str:
    """The name under which a step holds claims, the same for a retry of the flow run."""
    place = _find_place()
    return f"{RUN}{place.run_id}" if place else f"call {uuid4()}"


class _Attempt:
    """One attempt of a step. Outside a flow run there are no retries: each has its own entry."""

    def __init__(
        self,
        name: str,
        incident_id: str,
        person: str | None,
        place: Place | None,
        counted: Mapping[str, str],
    ) -> None:
        self.counted = counted
        self.name, self.person, self.incident_id = name, person, incident_id
        self.place = place or Place(logging.getLogger("aeef").log, uuid4())
        arguments = hashlib.sha256(self.place.identity.encode()).hexdigest()
        self.identity = f"aeef:{incident_id}/{self.place.run_id}/{name}/{arguments}"

    def done(self, text: str, settings: Settings, moment: Moment | None) -> None:
        log_line(sanitized(text, settings))
        self._record(text, "done", settings, Done.DONE, moment)

    def failed(self, error: Exception, settings: Settings) -> None:
        """Record a final failure; before another attempt, only wait as the service asked."""
        if worth_retrying(error) and self.place.attempt < self.place.attempts:
            time.sleep(min(getattr(error, "retry_after", None) or 0.0, LONGEST_WISH))
            return
        failed = "" if isinstance(error, Withheld) else f"FAILED: {self.name}: "
        text = redact(f"{failed}{_in_words(error, self.name)}", settings)
        is_refused = isinstance(error, Withheld | NotConfirmed)
        came_to = Done.REFUSED if is_refused else Done.FAILED
        self._record(text, f"failed {self.place.run_count}", settings, came_to)

    def _record(
        self,
        text: str,
        outcome: str,
        settings: Settings,
        came_to: Done,
        moment: Moment | None = None,
    ) -> None:
        entry: UUID = uuid5(NAMESPACE_URL, f"{self.identity}/{outcome}")
        open_store(settings).record_action(
            self.incident_id,
            text,
            actor=self.person or RUNBOOK,
            automated=self.person is None,
            entry_id=entry,
            moment=moment,
            counts=[Count(ACTS, {**self.counted, "outcome": came_to})] if self.counted else [],
        )


def _in_words(error: Exception, doing: str) -> str:
    """What went wrong; of a disk that is full, which, while doing what, and what to do."""
    if isinstance(error, AeefError):
        return str(error)
    words = in_words(error, doing) if isinstance(error, OSError) else None
    return words or f"{type(error).__name__}: {error}"
