"""What a run does or did for an incident, in the words that people read in its message."""

from __future__ import annotations

from enum import StrEnum

from schemas.model import Model, UtcDatetime


class Phase(StrEnum):
    """Where a run is. Its value is how a message begins."""

    WORKING = "working on it"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "FAILED, a person must take over"
    WITHHELD = "not done by itself, for automation is not on"
    STOPPED = "STOPPED, a person must take over"


class Progress(Model):
    """One state of one run. The newest of each `flow` counts.

    flow: its name. mark: begins with the run's id.
    said: the record's sentences, or what it waits for.
    after: number of the newest audit entry then, which all processes count together.
    """

    flow: str
    mark: str = ""
    phase: Phase
    said: str = ""
    after: int
    at: UtcDatetime

    @property
    def sentence(self) -> str:
        """For the message: `done: …`."""
        between = ":" if self.said.startswith("\n") else ": "
        return f"{self.phase.value}{between}{self.said}" if self.said else self.phase.value
