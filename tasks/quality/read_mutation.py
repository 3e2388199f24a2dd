"""Reads mutation reports, of any format that one of `READERS` knows."""

from __future__ import annotations

from typing import Protocol

from tasks.quality.mutation import (
    infection,
    mutmut,
    mutmut_junit,
    mutmut_totals,
    pit,
    stryker,
)
from tasks.quality.mutation.mutants import Mutants
from tasks.reports.report_files import wrong
from tasks.reports.seen import Other, seen_in, start_of


class Reader(Protocol):
    """A module that reads one format."""

    @property
    def NAME(self) -> str:  # noqa: N802 - a module's constant
        """The format, as a person calls it."""

    def is_mine(self, start: bytes) -> bool:
        """True when a report that begins so is of this format."""

    def read(self, content: bytes, name: str, /) -> Mutants:
        """The report. Raises ValueError, LookupError or InvalidInput that says what is wrong."""


READERS: tuple[Reader, ...] = (infection, mutmut_totals, stryker, pit, mutmut_junit, mutmut)
"""Asked in this order; the first that says so reads the report."""
FORMATS = ", ".join(reader.NAME for reader in READERS)

OTHERS = (
    Other(b"mutation-test-report-app", "Stryker's page", "its JSON (reporter `json`)"),
    Other(b'"exit_code_by_key"', "mutmut 3's own data", "`mutmut results --all true`"),
    Other(b"To apply a mutant", "mutmut 2's `mutmut results`", "`mutmut junitxml`"),
    Other(b"org.pitest.mutationtest", "PIT's CSV", "its XML (`outputFormats`: XML)"),
    Other(b"<coverage", "a report of coverage", "it under `coverage`, not `mutation`"),
    Other(b"<CoverageSession", "a report of coverage", "it under `coverage`, not `mutation`"),
    Other(b"<report", "a report of coverage", "it under `coverage`, not `mutation`"),
    Other(b"SF:", "a report of coverage (lcov)", "it under `coverage`, not `mutation`"),
    Other(b'"outcomes"', "cargo-mutants' JSON", "one of those that are known"),
)


def read_mutation(content: bytes, name: str) -> Mutants:
    """Read a report of any format. Raises InvalidInput that names the report and the reason."""
    reader = _reader(content, name)
    try:
        mutants = reader.read(content, name)
    except LookupError as error:
        raise wrong(name, f"it is {reader.NAME}, but {error} is missing somewhere") from None
    except ValueError as error:
        raise wrong(name, f"it is {reader.NAME}, but {error}") from None
    if not mutants.files:
        raise wrong(name, f"it is {reader.NAME}, but tells the fate of no mutant")
    return mutants


def _reader(content: bytes, name: str) -> Reader:
    start = start_of(content)
    for reader in READERS:
        if reader.is_mine(start):
            return reader
    raise wrong(name, f"it is {seen_in(content, OTHERS)}. Known are {FORMATS}")
