"""What people read of a run: working on it, then what was done, or that a person must take over."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from uuid import UUID

from prefect.runtime import flow_run

from schemas.errors import Withheld
from schemas.incident import Phase
from schemas.settings import Settings
from tasks.base.trim import trim
from tasks.notify.report_outcome import report_outcome
from tasks.notify.show_progress import note, show, show_progress
from tasks.store.progress import NOTHING

LONGEST = 300
"""Characters of a sentence in a list: the last must not be trimmed away."""


def listed(sentences: Sequence[str]) -> str:
    """Several sentences, each on a line of its own, after a line break."""
    return "".join(f"\n• {trim(sentence, LONGEST)}" for sentence in sentences)


class Shown:
    """One run's part of the incident's message.

    flow: the flow's name; None: a flow whose work is not part of the message.
    """

    def __init__(
        self, incident_id: str, settings: Settings, flow: str | None, run_id: UUID
    ) -> None:
        self._incident_id, self._settings = incident_id, settings
        self._flow, self._run_id = flow, run_id
        self._sentences: list[str] = []
        self._beside = ThreadPoolExecutor(1, thread_name_prefix="message")

    def did(self, sentence: str | None) -> None:
        """Add a sentence of the record; a retry of the run says it again, once."""
        if sentence and sentence not in self._sentences:
            self._sentences.append(sentence)

    def waits(self, said: str, mark: str) -> None:
        """It waits for people. mark: of the question: the same again changes nothing."""
        if self._flow is None:
            return
        show_progress(
            self._incident_id,
            self._settings,
            flow=self._flow,
            mark=f"{self._run_id}:asked {mark}",
            phase=Phase.WAITING,
            said=said,
        )

    @property
    def done(self) -> str:
        """What was done, in the record's sentences."""
        return "; ".join(self._sentences)

    @property
    def is_in_the_message(self) -> bool:
        """True when the incident's message says what this run did."""
        return self._flow is not None

    def begun(self) -> None:
        """The run works on it. Does not wait for Slack: pages may be waiting for this to return."""
        self._note(Phase.WORKING, "")
        self._beside.submit(copy_context().run, show, self._incident_id, self._settings)

    def ended(
        self, failures: Sequence[str], waits_for: str = "", withheld: Withheld | None = None
    ) -> None:
        """The run has ended: with what it did, what it waits for, or with what failed first.

        withheld: what the automation may not do; of a failure it is all that failed.
        """
        self._beside.shutdown(wait=True)
        if failures:
            before = f"\nbefore that:{listed(self._sentences)}" if self._sentences else ""
            phase = Phase.STOPPED if withheld else Phase.FAILED
            self._note(phase, "; ".join(failures) + before)
        elif withheld:
            self._note(Phase.WITHHELD, listed(self._sentences))
        elif waits_for:
            self._note(Phase.WAITING, waits_for)
        elif len(self._sentences) > 1:
            self._note(Phase.DONE, listed(self._sentences))
        else:
            self._note(Phase.DONE, self.done or NOTHING)
        show(self._incident_id, self._settings)
        if self._flow is not None:
            report_outcome(self._incident_id, self._settings, mark=self._mark)

    @property
    def _mark(self) -> str:
        return f"{self._run_id}:{flow_run.get_run_count()}"

    def _note(self, phase: Phase, said: str) -> None:
        if self._flow is None:
            return
        note(
            self._incident_id,
            self._settings,
            flow=self._flow,
            mark=self._mark,
            phase=phase,
            said=said,
        )
