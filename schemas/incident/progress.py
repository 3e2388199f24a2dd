"""What a run does or did for an incident, in the words that people read in its message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

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


def in_order(results: Iterable[Mapping[str, Any]]) -> list[Progress]:
    """The states that were noted, in the order in which they were; what cannot be read is not."""
    found = []
    for result in results:
        try:
            found.append(Progress.model_validate(result))
        except ValidationError:  # of a newer version
            continue
    return sorted(found, key=lambda each: (each.after, each.at))


def newest_of_flows(states: Iterable[Progress]) -> list[Progress]:
    """Of states in order, the newest of each flow, in the order of their beginning."""
    newest: dict[str, Progress] = {}
    for each in states:
        newest[each.flow] = each
    return list(newest.values())
