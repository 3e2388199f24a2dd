"""What a reader of a scanner's format is, and what it reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from schemas.findings import Finding


@dataclass
class Report:
    """A scanner's report; all but the findings is complete after these were read.

    not_checked: dependencies that the scanner skipped. failures: what the scanner itself says
    went wrong: its scan is not complete, and finding nothing means nothing.
    looked_at_nothing: why the scan says nothing, when it found nothing.
    """

    findings: Iterable[Finding] = ()
    tools: list[str] = field(default_factory=list)
    not_checked: int = 0
    failures: list[str] = field(default_factory=list)
    looked_at_nothing: str = ""


class Reader(Protocol):
    """A module that reads one scanner's format."""

    @property
    def NAME(self) -> str:  # noqa: N802 - a module's constant
        """The format, as a person calls it."""

    def is_mine(self, data: Any) -> bool:
        """True when this JSON data is of this format, whether it is right or not."""

    def read(self, data: Any) -> Report:
        """The report. Raises ValueError, here or while its findings are read."""


def first(data: Any) -> Any:
    """The first item of a list; None when there is none, or it is no list."""
    return data[0] if isinstance(data, list) and data else None


def has_names(data: Any, *names: str) -> bool:
    """True for an object with all of these names."""
    return isinstance(data, dict) and all(name in data for name in names)


def flattened(data: Any) -> Iterator[Any]:
    """The values of an object; none when it is no object."""
    yield from data.values() if isinstance(data, dict) else ()
