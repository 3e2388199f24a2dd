"""Replaces the execution of steps: records which a procedure runs, and returns given results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar, cast

from tasks.step import Step

P = ParamSpec("P")
S = TypeVar("S")


class CannedSteps:
    """A `Do` that does nothing: each step has the result given for its name, or raises it.

    look: asked at each step; `seen` is what it answered.
    """

    def __init__(
        self, results: Mapping[str, object], look: Callable[[], object] = lambda: None
    ) -> None:
        self._results = results
        self._look = look
        self.done: list[tuple[str, tuple[Any, ...]]] = []
        self.seen: list[object] = []

    @property
    def names(self) -> list[str]:
        """The steps, in order."""
        return [name for name, _ in self.done]

    def __call__(self, step: Step[P, S], *args: P.args, **kwargs: P.kwargs) -> S:
        """Note it; its result."""
        self.done.append((step.name, (*args, *kwargs.values())))
        self.seen.append(self._look())
        result = self._results.get(step.name)
        if isinstance(result, Exception):
            raise result
        return cast("S", result)
