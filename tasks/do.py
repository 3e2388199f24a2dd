"""The ways to run a step: a procedure is written once and is given one of them."""

from __future__ import annotations

from typing import ParamSpec, Protocol, TypeVar

from tasks.step import Step

P = ParamSpec("P")
S = TypeVar("S")


class Do(Protocol):
    """A way to run a step of one incident: through Prefect (`Response.do`), or `Directly`."""

    def __call__(self, step: Step[P, S], *args: P.args, **kwargs: P.kwargs) -> S:
        """Do the step; its result."""


class Directly:
    """Runs the steps of one incident in this process, in sequence, without Prefect.

    person: who acts by hand; the record names them instead of the runbooks.
    """

    def __init__(self, incident_id: str, person: str | None = None) -> None:
        self.incident_id = incident_id
        self.person = person

    def __call__(self, step: Step[P, S], *args: P.args, **kwargs: P.kwargs) -> S:
        """Do the step; its result."""
        return step.by(self.person, self.incident_id, *args, **kwargs)
