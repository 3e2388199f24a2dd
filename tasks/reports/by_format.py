"""Reads a report of whichever format it is: the first reader that says so does it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from tasks.reports.report_files import wrong
from tasks.reports.seen import Other, seen_in, start_of

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


class Reader(Protocol[T_co]):
    """A module that reads one format."""

    @property
    def NAME(self) -> str:  # noqa: N802 - a module's constant
        """The format, as a person calls it."""

    def is_mine(self, start: bytes) -> bool:
        """True when a report that begins so is of this format."""

    def read(self, content: bytes, name: str, /) -> T_co:
        """The report. Raises ValueError, LookupError or InvalidInput that says what is wrong."""


def read_by_format(
    content: bytes, name: str, readers: Sequence[Reader[T]], others: Sequence[Other]
) -> tuple[str, T]:
    """The format's name, and what its reader read. others: what it could be, and is not read.

    Raises InvalidInput that names the report and the reason.
    """
    start = start_of(content)
    reader = next((each for each in readers if each.is_mine(start)), None)
    if reader is None:
        known = ", ".join(each.NAME for each in readers)
        raise wrong(name, f"it is {seen_in(content, others)}. Known are {known}")
    try:
        return reader.NAME, reader.read(content, name)
    except LookupError as error:
        raise wrong(name, f"it is {reader.NAME}, but {error} is missing somewhere") from None
    except ValueError as error:
        raise wrong(name, f"it is {reader.NAME}, but {error}") from None
