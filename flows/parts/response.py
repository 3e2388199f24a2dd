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
from prefect.runtime import flow_run
from prefect.states import Completed

from flows.parts.approval import Asking, wait_for_approval
from flows.parts.beside import HeadStart
from flows.parts.interrupted import RunInterrupted, interrupts
from flows.parts.prefect_steps import run_step, submit_step
from flows.parts.shown import Shown
from schemas.approvals import Approval, Question
from schemas.errors import AeefError, RunbookFailed, Withheld
from schemas.incident import Alert, Incident, Phase, Route, route_for
from schemas.links import links_for
from schemas.settings import Settings, Target
from tasks.incident.publish_report import publish_report
from tasks.notify.page_on_call import page_on_call
from tasks.notify.post_to_slack import update_slack_thread
from tasks.notify.report_outcome import take_back_failure
from tasks.step import Step, log_line
from tasks.store import open_store
from tasks.store.claim_keys import failure_key
from tasks.store.progress import NOTHING
from tasks.store.sanitize import sanitized

P = ParamSpec("P")
R = TypeVar("R")
WITHHELD_STATE = "Withheld"
"""The name in Prefect of the end of a run whose acts were not done."""
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
        self.withheld: Withheld | None = None
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
        return self.did(step, partial(run_step, step, self.id, *args, **kwargs))

    def did(self, step: Step[P, R], call: Callable[[], R]) -> R:
        """Do the step by this call; what it says, or why it was withheld, is shown to people."""
        try:
            result = call()
        except Withheld as error:
            self.withhold(error)
            raise
        self._shown.did(step.says(result))
        return result

    def withhold(self, error: Withheld) -> None:
        """Something is not done, because the automation is not on, or because of its limit."""
        self.withheld = error
        if not error.needs_person:
            self._shown.did(str(error))

    def start(self, step: Step[P, R], *args: P.args, **kwargs: P.kwargs) -> None:
        """Run a step of this incident in the background, `HEAD_START` seconds later."""
        submit = partial(submit_step, step, self.id, *args, **kwargs)
        self._started.append((step.name, self._beside.put(submit)))

    def approval(self, question: Question, more: str = "") -> Approval:
        """Ask people, and wait until enough have approved, or one has rejected it.

        Only in the flow itself, and before what it is about: the run is suspended meanwhile.
        more: what people read beside the question.
        """
        asking = Asking(self.do, self.run_id, self.settings, self._shown.waits)
        return wait_for_approval(asking, question, more)

    def note(self, text: str) -> None:
        """Record what this run did not do, and why; only once, even if the run is retried."""
        self._shown.did(text)
        open_store(self.settings).record_action(self.id, text, entry_id=uuid5(self.run_id, text))
        log_line(sanitized(text, self.settings), logging.WARNING)

    def carry_out(self, procedure: Callable[[], object]) -> State[str]:
        """Call the procedure, then `conclude`, with the exception if it raised one.

        Raises RunInterrupted when Prefect's server failed, whatever was under way.
        """
        failure = None
        self._beside.put(self._shown.begun)
        try:
            procedure()
        except Exception as error:  # noqa: BLE001 - `conclude` reports it
            if interrupts(error):
                self._beside.over()
                raise RunInterrupted(f"Prefect's server failed: {self._in_words(error)}") from None
            failure = error
            if isinstance(error, Withheld):
                self.withheld = error
        return self.conclude(failure)

    def conclude(self, failure: Exception | None) -> State[str]:
        """Wait for the started steps, publish the report, and return the run's final state.

        Raises RunbookFailed after the on-call was paged, when anything was left undone.
        """
        is_stopped = isinstance(failure, Withheld) and failure.needs_person
        if isinstance(failure, Withheld) and not is_stopped:
            failure = None  # a person has set the automation's mode, and it is on record
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
        is_stopped = is_stopped and len(failures) == 1
        if failures:
            self._hand_over(failures, "stopped" if is_stopped else "FAILED")
        self._shown.ended(
            failures, self.outcome, self.withheld if is_stopped or not failures else None
        )
        if not failures:
            take_back_failure(self.id, self.settings, run_id=self.run_id)
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
        return Completed(message=summary, name=WITHHELD_STATE if self.withheld else None)

    def _hand_over(self, failures: list[str], how: str) -> None:
        reason = f"automation {how}, take over: {failures[0]}"
        try:
            self.do(page_on_call, reason, failure_key(self.run_id, flow_run.get_run_count() or 1))
        except AeefError as error:
            failures.append(f"{page_on_call.name}: {self._in_words(error)}")

    def _summary(self) -> str:
        incident = open_store(self.settings).incident(self.id)
        done = self._shown.done or NOTHING
        if self.withheld:
            done = f"{Phase.WITHHELD.value}. {done}"
        if not self._shown.is_in_the_message:
            done = incident.actions_taken[-1].action
        return f"{incident.title}: {incident.status}. {done}"

    def _brief(self) -> str:
        """The news for the thread: the message has the details, but its change notifies nobody."""
        if not self._shown.is_in_the_message:
            return self._summary()
        incident = open_store(self.settings).incident(self.id)
        record = links_for(incident, self.settings).incident
        done = Phase.WITHHELD.value if self.withheld else "What was done"
        return f"{incident.title}: {incident.status}. {done}: {record}"

    def _in_words(self, error: object) -> str:
        text = str(error) if isinstance(error, AeefError) else f"{type(error).__name__}: {error}"
        return sanitized(text, self.settings)
