"""One run's response to one incident: its steps, its failures, its report and its outcome."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, ParamSpec, TypeVar
from uuid import UUID, uuid5

from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture
from prefect.states import Completed

from flows.parts.beside import HeadStart
from flows.parts.prefect_steps import run_step, submit_step
from flows.parts.shown import Shown
from schemas.errors import AeefError, RunbookFailed
from schemas.incident import Alert, Incident, Route, route_for
from schemas.links import links_for
from schemas.settings import Settings, Target
from tasks.incident.publish_report import publish_report
from tasks.notify.page_on_call import page_on_call
from tasks.notify.post_to_slack import update_slack_thread
from tasks.step import Step, log_line
from tasks.store import open_store
from tasks.store.claim_keys import failure_key
from tasks.store.progress import NOTHING
from tasks.store.sanitize import sanitized

P = ParamSpec("P")
R = TypeVar("R")
HEAD_START = 0.15
"""Seconds that a procedure starts before its notifications. The page is not delayed: the intake
sends it before the run starts."""


class Response:
    """One run's response to one incident.

    `do` runs a step now and returns its result; `start` runs it in the background. Whatever
    fails, `conclude` waits for every started step and reports the failures.
    outcome: how it ended, in words; by default the status and the last action on record.
    """

    def __init__(
        self, incident: Incident, run_id: UUID, settings: Settings, flow: str | None = None
    ) -> None:
        self.run_id = run_id
        self._shown = Shown(str(incident.incident_id), settings, flow, run_id)
        self.settings = settings
        self.incident = incident
        self.outcome = ""
        self._beside: HeadStart[Any] = HeadStart(HEAD_START)
        self._started: list[tuple[str, Future[PrefectFuture[Any]]]] = []

    @property
    def id(self) -> str:
        """The incident's id, the first argument of every step."""
        return str(self.incident.incident_id)

    @property
    def alert(self) -> Alert:
        """The alert that opened the incident."""
        return open_store(self.settings).alert(self.id)

    @property
    def route(self) -> Route:
        """The row of the severity table for this incident."""
        return route_for(self.incident.severity, self.incident.type, self.settings.routes)

    @property
    def target(self) -> Target | None:
        """The configured target that the incident's service belongs to."""
        return self.settings.target_of(self.incident.service)

    @property
    def targets(self) -> list[Target]:
        """Every configured target that one of the incident's services belongs to."""
        found = map(self.settings.target_of, self.incident.affected_services)
        return list({target.name: target for target in found if target}.values())

    def services_of(self, target: Target) -> list[str]:
        """The incident's services that belong to this target."""
        services = self.incident.affected_services
        return [each for each in services if self.settings.target_of(each) == target]

    def do(self, step: Step[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a step of this incident and wait for its result."""
        result = run_step(step, self.id, *args, **kwargs)
        self._shown.did(step.says(result))
        return result

    def start(self, step: Step[P, R], *args: P.args, **kwargs: P.kwargs) -> None:
        """Run a step of this incident in the background, `HEAD_START` seconds later."""
        submit = partial(submit_step, step, self.id, *args, **kwargs)
        self._started.append((step.name, self._beside.put(submit)))

    def note(self, text: str) -> None:
        """Record what this run did not do, and why; only once, even if the run is retried."""
        self._shown.did(text)
        open_store(self.settings).record_action(self.id, text, entry_id=uuid5(self.run_id, text))
        log_line(sanitized(text, self.settings), logging.WARNING)

    def carry_out(self, procedure: Callable[[], object]) -> State[str]:
        """Call the procedure, then `conclude`, with the exception if it raised one."""
        failure = None
        self._beside.put(self._shown.begun)
        try:
            procedure()
        except Exception as error:  # noqa: BLE001 - `conclude` reports it
            failure = error
        return self.conclude(failure)

    def conclude(self, failure: Exception | None) -> State[str]:
        """Wait for the started steps, publish the report, and return the run's final state.

        Raises RunbookFailed after the on-call was paged, when anything was left undone.
        """
        failures = [self._in_words(failure)] if failure else []
        self._beside.over()
        for name, submitted in self._started:
            if error := submitted.exception():
                failures.append(f"{name}: {self._in_words(error)}")
                continue
            future = submitted.result()
            future.wait()
            if not future.state.is_completed():
                error = future.state.result(raise_on_failure=False)
                failures.append(f"{name}: {self._in_words(error)}")
        if failures:
            self._hand_over(failures)
        self._shown.ended(failures, self.outcome)
        summary = "; ".join(failures) or self.outcome or self._summary()
        if not self.incident.status.is_over:
            try:
                self.do(update_slack_thread, "; ".join(failures) or self._brief())
            except AeefError as error:
                failures.append(f"{update_slack_thread.name}: {self._in_words(error)}")
        self.incident = open_store(self.settings).incident(self.id)
        publish_report(self.incident, failures, self.settings)
        if failures:
            raise RunbookFailed(f"{self.incident.title}: " + "; ".join(failures))
        return Completed(message=summary)

    def _hand_over(self, failures: list[str]) -> None:
        reason = f"automation FAILED, take over: {failures[0]}"
        try:
            self.do(page_on_call, reason, failure_key(self.run_id))
        except AeefError as error:
            failures.append(f"{page_on_call.name}: {self._in_words(error)}")

    def _summary(self) -> str:
        incident = open_store(self.settings).incident(self.id)
        done = self._shown.done or NOTHING
        if not self._shown.is_in_the_message:
            done = incident.actions_taken[-1].action
        return f"{incident.title}: {incident.status}. {done}"

    def _brief(self) -> str:
        """The news for the thread: the message has the details, but its change notifies nobody."""
        if not self._shown.is_in_the_message:
            return self._summary()
        incident = open_store(self.settings).incident(self.id)
        record = links_for(incident, self.settings).incident
        return f"{incident.title}: {incident.status}. What was done: {record}"

    def _in_words(self, error: object) -> str:
        text = str(error) if isinstance(error, AeefError) else f"{type(error).__name__}: {error}"
        return sanitized(text, self.settings)
